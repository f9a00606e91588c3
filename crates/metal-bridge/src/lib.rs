//! Metal compute on any machine.
