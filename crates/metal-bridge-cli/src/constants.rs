//! Values of function constants from the command line.

use metal_bridge::{ConstantValue, FunctionConstantValues};

use crate::cli::ConstantKey;
use crate::data::spec::Spec;
use crate::error::{Failure, Result};

/// The values that `--constant` gives.
pub(crate) fn values(given: &[(ConstantKey, Spec)]) -> Result<FunctionConstantValues> {
    let mut constants = FunctionConstantValues::new();
    for (key, spec) in given {
        let value = match spec {
            Spec::Values { data_type, scalars } => ConstantValue::from_bytes(*data_type, scalars),
            _ => None,
        };
        let option = match key {
            ConstantKey::Index(index) => format!("--constant {index}"),
            ConstantKey::Name(name) => format!("--constant {name}"),
        };
        let value = value.ok_or_else(|| {
            Failure::option(
                option,
                "expected the value of one scalar or vector, such as 0=bool:true or 1=float2:0,1",
            )
        })?;
        match key {
            ConstantKey::Index(index) => constants.set_constant_value_at_index(*index, value),
            ConstantKey::Name(name) => constants.set_constant_value_with_name(name, value),
        };
    }
    Ok(constants)
}
