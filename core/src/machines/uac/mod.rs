//! machines/uac.
