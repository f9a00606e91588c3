//! Compiled MSL source, and the functions in it.
//!
//! ```
//! use metal_bridge::{CompileOptions, Device, FunctionConstantValues};
//!
//! # fn main() -> metal_bridge::Result<()> {
//! let source = "
//!     #include <metal_stdlib>
//!     using namespace metal;
//!     constant float factor [[function_constant(0)]];
//!     kernel void scale(device float *x [[buffer(0)]], uint i [[thread_position_in_grid]]) {
//!         x[i] *= factor;
//!     }";
//! let device = Device::system_default()?;
//! let library = device.new_library_with_source(source, &CompileOptions::default())?;
//! assert_eq!(library.function_names(), ["scale"]);
//!
//! let mut values = FunctionConstantValues::new();
//! values.set_constant_value_with_name("factor", 2.0f32);
//! let function = library.new_function_with_name_and_constants("scale", &values)?;
//! assert_eq!(function.reflection().arguments[0].type_name, "float");
//!
//! let error = library.new_function_with_name("scole").unwrap_err();
//! assert_eq!(error.to_string(), "the library has no kernel `scole`; it has `scale`");
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::sync::Arc;

use msl_types::{
    Diagnostic, FunctionConstant, FunctionConstantValues, FunctionReflection, PipelineError, Stage,
};

use crate::backend;
use crate::device::Device;
use crate::error::{Result, named};
use crate::sync::{Mutex, lock};

/// Compiled source: a set of functions. A cheap handle; made by
/// [`Device::new_library_with_source`].
#[doc(alias = "MTLLibrary")]
#[derive(Clone)]
pub struct Library(Arc<LibraryInner>);

struct LibraryInner {
    device: Device,
    backend: Arc<dyn backend::Library>,
    label: Mutex<String>,
}

impl Library {
    pub(crate) fn new(device: Device, backend: Arc<dyn backend::Library>) -> Self {
        Self(Arc::new(LibraryInner { device, backend, label: Mutex::default() }))
    }

    /// The device that made it.
    pub fn device(&self) -> &Device {
        &self.0.device
    }

    /// The names of its functions, in the order of the source.
    #[doc(alias = "functionNames")]
    pub fn function_names(&self) -> Vec<&str> {
        let backend = &self.0.backend;
        (0..backend.function_count()).map(|index| backend.function_name(index)).collect()
    }

    /// What its functions take, in the order of the source. With Metal, the first call makes a pipeline of each function
    /// that has none yet, because only that tells.
    pub fn functions(&self) -> &[FunctionReflection] {
        self.0.backend.functions()
    }

    /// Warnings of the compilation.
    pub fn warnings(&self) -> &[Diagnostic] {
        self.0.backend.warnings()
    }

    /// A function by its name in the source, or by its `[[host_name]]`.
    ///
    /// # Errors
    ///
    /// [`PipelineError::UnknownFunction`], which lists the names there are.
    #[doc(alias = "newFunctionWithName:")]
    #[doc(alias = "NewFunctionWithName")]
    pub fn new_function_with_name(&self, name: &str) -> Result<Function> {
        self.function(name, &FunctionConstantValues::new())
    }

    /// A function with values for the function constants that it uses. Values that it does not use are ignored.
    ///
    /// # Errors
    ///
    /// [`PipelineError`]: unknown function, a constant without a value, a value of another type than the
    /// constant's.
    #[doc(alias = "newFunctionWithName:constantValues:error:")]
    pub fn new_function_with_name_and_constants(
        &self,
        name: &str,
        constants: &FunctionConstantValues,
    ) -> Result<Function> {
        let function = self.function(name, constants)?;
        function.check_constants()?;
        Ok(function)
    }

    /// The label; empty if none was set.
    pub fn label(&self) -> String {
        lock(&self.0.label).clone()
    }

    /// Sets a label.
    #[doc(alias = "setLabel:")]
    pub fn set_label(&self, label: impl Into<String>) {
        *lock(&self.0.label) = label.into();
    }

    fn function(&self, name: &str, constants: &FunctionConstantValues) -> Result<Function> {
        let backend = &self.0.backend;
        let Some(index) = (0..backend.function_count()).find(|index| backend.function_name(*index) == name)
        else {
            let available = self.function_names().into_iter().map(str::to_owned).collect();
            return Err(PipelineError::UnknownFunction { name: name.into(), available }.into());
        };
        let (library, constants) = (self.clone(), constants.clone());
        Ok(Function(Arc::new(FunctionInner { library, index, constants })))
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library")
            .field("label", &self.label())
            .field("functions", &self.function_names())
            .finish_non_exhaustive()
    }
}

/// A function of a library, with values for its function constants. A cheap handle.
#[doc(alias = "MTLFunction")]
#[derive(Clone)]
pub struct Function(Arc<FunctionInner>);

struct FunctionInner {
    library: Library,
    index: usize,
    constants: FunctionConstantValues,
}

impl Function {
    /// The library that it is from.
    pub fn library(&self) -> &Library {
        &self.0.library
    }

    /// The device of its library.
    pub fn device(&self) -> &Device {
        self.library().device()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.library().0.backend.function_name(self.0.index)
    }

    /// What it takes. With Metal, of a function with constants, this is what it takes with 1 or true for each of them, and of a
    /// function that no pipeline can be made of, it is the name alone; a pipeline's
    /// [`reflection`](crate::ComputePipelineState::reflection) holds for its own values.
    pub fn reflection(&self) -> &FunctionReflection {
        self.library().0.backend.function(self.0.index)
    }

    /// The function constants that it uses.
    #[doc(alias = "functionConstantsDictionary")]
    pub fn function_constants(&self) -> &[FunctionConstant] {
        self.library().0.backend.function_constants(self.0.index)
    }

    /// The values given for function constants.
    pub fn constant_values(&self) -> &FunctionConstantValues {
        &self.0.constants
    }

    /// What it is compiled to, as text: for looking at it, not for programs; the text may change with any version.
    ///
    /// ```
    /// use metal_bridge::{CompileOptions, Device, DeviceConfig, Stage};
    ///
    /// # fn main() -> metal_bridge::Result<()> {
    /// # if cfg!(all(target_vendor = "apple", not(feature = "cpu"))) { return Ok(()); }
    /// let source = "#include <metal_stdlib>
    ///     kernel void one(device float *x [[buffer(0)]], uint i [[thread_position_in_grid]]) { x[i] = 1; }";
    /// let device = Device::cpu(DeviceConfig::new())?;
    /// let library = device.new_library_with_source(source, &CompileOptions::default())?;
    /// let text = library.new_function_with_name("one")?.inspect(Stage::Kernel)?;
    /// assert!(text.contains("store "), "{text}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`PipelineError`]: as for making a pipeline of it; also if its device cannot show it. That can only the CPU's.
    pub fn inspect(&self, stage: Stage) -> Result<String> {
        self.check_constants()?;
        Ok(self.library().0.backend.inspect(self.name(), &self.0.constants, stage)?)
    }

    /// Checks that every constant in use has a value of its type, if it needs one.
    fn check_constants(&self) -> Result<(), PipelineError> {
        let kernel = self.name();
        for constant in self.function_constants() {
            let FunctionConstant { name, index, data_type, required } = constant;
            match self.0.constants.get(*index, name) {
                Some(value) if value.data_type() != *data_type => {
                    return Err(PipelineError::ConstantType {
                        kernel: kernel.to_owned(),
                        constant: name.clone(),
                        index: *index,
                        expected: *data_type,
                        got: value.data_type(),
                    });
                }
                None if *required => {
                    return Err(PipelineError::MissingConstant {
                        kernel: kernel.to_owned(),
                        constant: name.clone(),
                        index: *index,
                        data_type: *data_type,
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }

    pub(crate) fn new_pipeline(&self, checked: bool) -> Result<Arc<dyn backend::Pipeline>> {
        self.check_constants()?;
        Ok(self.library().0.backend.new_pipeline(self.name(), &self.0.constants, checked)?)
    }

    /// How errors name it.
    pub(crate) fn describe(&self) -> String {
        named("function", self.name())
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function")
            .field("name", &self.name())
            .field("constant_values", self.constant_values())
            .finish_non_exhaustive()
    }
}
