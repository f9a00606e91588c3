//! reflect = ""
// Nothing here.
/* Nor here. */
