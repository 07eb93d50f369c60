//! What a failure response within a dialog destroys (RFC 5057 5.1).

use crate::wire::sip::StatusCode;

/// How far a failure response reaches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Impact {
    /// Only the request failed.
    Transaction,
    /// The usage that the request belonged to is over: the session for INVITE, BYE, UPDATE, INFO and PRACK, the
    /// subscription for SUBSCRIBE, NOTIFY and REFER. Other usages of the dialog go on.
    Usage,
    /// The dialog is over, with all usages.
    Dialog,
}

impl Impact {
    /// The impact of a final response from 300 on to a request within a dialog, by RFC 5057 5.1, table 1. A 408 means
    /// what no response means: the end of the usage (5.2). A redirection concerns the dialog as a whole; nothing is
    /// destroyed by it. Does not apply to CANCEL, whose failure concerns nothing else (note 8).
    pub fn of(status: StatusCode) -> Impact {
        match status.code() {
            404 | 410 | 416 | 482..=485 | 502 | 604 => Impact::Dialog,
            405 | 408 | 480 | 481 | 489 | 501 => Impact::Usage,
            _ => Impact::Transaction,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_1_of_rfc_5057() {
        let of = |code| Impact::of(StatusCode::new(code).expect("a status"));
        for code in [404, 410, 416, 482, 483, 484, 485, 502, 604] {
            assert_eq!(of(code), Impact::Dialog, "{code}");
        }
        for code in [405, 408, 480, 481, 489, 501] {
            assert_eq!(of(code), Impact::Usage, "{code}");
        }
        for code in [302, 400, 401, 403, 406, 407, 415, 420, 422, 486, 487, 488, 491, 499, 500, 503, 600, 603, 606] {
            assert_eq!(of(code), Impact::Transaction, "{code}");
        }
    }
}
