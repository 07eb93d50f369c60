//! machines/dialog.
