//! reflect = ""
