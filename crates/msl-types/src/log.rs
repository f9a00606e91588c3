//! What the compiler has to say of a function that it made ready to run.
//!
//! ```
//! use msl_types::{Remark, SourceLocation};
//!
//! let location = SourceLocation { file: "program_source".into(), line: 3, column: 9 };
//! let remark = Remark { message: "each lane loads from its own address".into(), location: Some(location) };
//! assert_eq!(remark.to_string(), "program_source:3:9: each lane loads from its own address");
//! ```

use std::fmt;

use crate::fault::SourceLocation;

/// What the compiler has to say of a function that it made ready to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PipelineLog {
    /// What the author may want to change.
    pub warnings: Vec<Remark>,
    /// How the function was compiled, for whoever wants it faster: what is done for all lanes at once and what is not.
    pub remarks: Vec<Remark>,
}

/// A sentence of a [`PipelineLog`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Remark {
    /// What there is to say.
    pub message: String,
    /// About which place in the source; `None`: about the function.
    pub location: Option<SourceLocation>,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        f.write_str(&self.message)
    }
}
