//! What a buffer is filled with, and what is shown or saved of it.

pub(crate) mod element;
pub(crate) mod spec;
pub(crate) mod view;
