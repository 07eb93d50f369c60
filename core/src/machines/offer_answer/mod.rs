//! machines/offer_answer.
