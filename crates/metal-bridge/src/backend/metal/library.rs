use std::ffi::c_void;
use std::fmt;
use std::ptr::NonNull;
use std::sync::{Arc, OnceLock};

use msl_types::{
    CompileOptions, ConstantValue, Diagnostic, FunctionConstant, FunctionConstantValues, FunctionReflection,
    LanguageVersion, LibraryError, MathMode, PipelineError,
};
use objc2::msg_send;
use objc2::rc::{Retained, autoreleasepool};
use objc2::runtime::{NSObject, ProtocolObject};
use objc2_foundation::{NSDictionary, NSError, NSString};
use objc2_metal::{
    MTLCompileOptions, MTLDataType, MTLDevice, MTLFunction, MTLFunctionConstantValues, MTLFunctionType,
    MTLLanguageVersion, MTLLibrary, MTLMathFloatingPointFunctions, MTLMathMode,
};

use super::limits::Families;
use super::pipeline::MetalPipeline;
use super::source::{self, Kernel};
use super::{diagnostics, includes, reflection, types};
use crate::backend;

pub(super) struct MetalLibrary {
    device: Retained<ProtocolObject<dyn MTLDevice>>,
    families: Families,
    library: Retained<ProtocolObject<dyn MTLLibrary>>,
    functions: Vec<Function>,
    /// Copies of what the functions take, made when all are asked for.
    all: OnceLock<Vec<FunctionReflection>>,
    warnings: Vec<Diagnostic>,
}

/// A kernel. What it takes is known only when a pipeline is made of it, so that is done when somebody asks.
struct Function {
    name: String,
    seen: Option<Kernel>,
    constants: Vec<FunctionConstant>,
    /// Of a function without constants, which has one pipeline only.
    pipeline: OnceLock<Result<Arc<MetalPipeline>, PipelineError>>,
    reflection: OnceLock<FunctionReflection>,
}

impl MetalLibrary {
    pub(super) fn new(
        device: &Retained<ProtocolObject<dyn MTLDevice>>,
        families: Families,
        source: &str,
        options: &CompileOptions,
    ) -> Result<Self, LibraryError> {
        let source = includes::expand(source, &options.include_directories)
            .map_err(|message| diagnostics::general(message, &options.source_name))?;
        autoreleasepool(|_| {
            let (library, error) = compile(device, &source, &metal_options(options));
            let text = error.map_or_else(String::new, |error| error.localizedDescription().to_string());
            let Some(library) = library else {
                return Err(diagnostics::failure(&text, &options.source_name));
            };
            let functions = functions(&library, &source::kernels(&source));
            let warnings = diagnostics::parse(&text, &options.source_name);
            Ok(Self { device: device.clone(), families, library, functions, all: OnceLock::new(), warnings })
        })
    }

    fn pipeline(
        &self,
        function: &Function,
        constants: &FunctionConstantValues,
    ) -> Result<Arc<MetalPipeline>, PipelineError> {
        if !function.constants.is_empty() {
            return self.build(function, |constant| constants.get(constant.index, &constant.name).cloned());
        }
        function.pipeline.get_or_init(|| self.build(function, |_| None)).clone()
    }

    /// Makes a pipeline with these values for the constants.
    fn build(
        &self,
        function: &Function,
        value: impl Fn(&FunctionConstant) -> Option<ConstantValue>,
    ) -> Result<Arc<MetalPipeline>, PipelineError> {
        let Function { name, seen, constants, .. } = function;
        let failed = |reason: String| PipelineError::Unsupported { kernel: name.clone(), reason };
        autoreleasepool(|_| {
            let named = NSString::from_str(name);
            let specialised = if constants.is_empty() {
                self.library
                    .newFunctionWithName(&named)
                    .ok_or_else(|| failed("Metal does not find it".into()))?
            } else {
                let values = MTLFunctionConstantValues::new();
                for constant in constants {
                    if let Some(value) = value(constant) {
                        set(&values, constant, &value);
                    }
                }
                self.library
                    .newFunctionWithName_constantValues_error(&named, &values)
                    .map_err(|error| failed(error.localizedDescription().to_string()))?
            };
            let seen = seen.as_ref();
            MetalPipeline::new(&self.device, self.families, &specialised, name, seen, constants).map(Arc::new)
        })
    }

    /// What a function takes; if it has constants, with 1 or true for each, so that arguments that depend on one are there.
    /// Of a function that Metal makes no pipeline of, nothing but the name is known: making one gives the error.
    fn reflect(&self, function: &Function) -> FunctionReflection {
        let pipeline = if function.constants.is_empty() {
            self.pipeline(function, &FunctionConstantValues::new())
        } else {
            self.build(function, |constant| Some(types::one(constant.data_type)))
        };
        match pipeline {
            Ok(pipeline) => backend::Pipeline::reflection(&*pipeline).clone(),
            Err(_) => FunctionReflection {
                function_constants: function.constants.clone(),
                line: function.seen.as_ref().map_or(0, |kernel| kernel.line),
                ..crate::null::reflection(&function.name)
            },
        }
    }
}

impl backend::Library for MetalLibrary {
    fn functions(&self) -> &[FunctionReflection] {
        self.all.get_or_init(|| (0..self.functions.len()).map(|index| self.function(index).clone()).collect())
    }

    fn function_count(&self) -> usize {
        self.functions.len()
    }

    fn function_name(&self, index: usize) -> &str {
        &self.functions[index].name
    }

    fn function(&self, index: usize) -> &FunctionReflection {
        let function = &self.functions[index];
        function.reflection.get_or_init(|| self.reflect(function))
    }

    fn function_constants(&self, index: usize) -> &[FunctionConstant] {
        &self.functions[index].constants
    }

    fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    fn new_pipeline(
        &self,
        name: &str,
        constants: &FunctionConstantValues,
        _checked: bool,
    ) -> Result<Arc<dyn backend::Pipeline>, PipelineError> {
        let Some(function) = self.functions.iter().find(|function| function.name == name) else {
            let available = self.functions.iter().map(|function| function.name.clone()).collect();
            return Err(PipelineError::UnknownFunction { name: name.to_owned(), available });
        };
        Ok(self.pipeline(function, constants)?)
    }
}

impl fmt::Debug for MetalLibrary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.functions.iter().map(|function| &function.name).collect();
        f.debug_struct("MetalLibrary").field("functions", &names).finish_non_exhaustive()
    }
}

/// Compiles a source; on success, the error has the warnings, which `objc2-metal`'s own method would drop.
#[expect(clippy::type_complexity, reason = "both parts are Metal's objects")]
fn compile(
    device: &ProtocolObject<dyn MTLDevice>,
    source: &str,
    options: &MTLCompileOptions,
) -> (Option<Retained<ProtocolObject<dyn MTLLibrary>>>, Option<Retained<NSError>>) {
    let source = NSString::from_str(source);
    let mut error: *mut NSError = std::ptr::null_mut();
    // SAFETY: the method has these parameters and this result, which is new; it writes an autoreleased error or nothing.
    let library =
        unsafe { msg_send![device, newLibraryWithSource: &*source, options: options, error: &mut error] };
    // SAFETY: null, or an error that the pool around the caller keeps alive.
    let error = unsafe { Retained::retain(error) };
    (library, error)
}

/// A language version that the system does not know yet is replaced by the newest that it knows: the default of our options
/// is the newest of all, and must not fail on systems that are a year old.
fn metal_options(options: &CompileOptions) -> Retained<MTLCompileOptions> {
    let metal = MTLCompileOptions::new();
    let newest = if objc2::available!(macos = 15.0, ios = 18.0, tvos = 18.0, visionos = 2.0) {
        LanguageVersion::V3_2
    } else if objc2::available!(macos = 14.0, ios = 17.0, tvos = 17.0, visionos = 1.0) {
        LanguageVersion::V3_1
    } else {
        LanguageVersion::V3_0
    };
    metal.setLanguageVersion(match options.language_version.min(newest) {
        LanguageVersion::V2_4 => MTLLanguageVersion::Version2_4,
        LanguageVersion::V3_0 => MTLLanguageVersion::Version3_0,
        LanguageVersion::V3_1 => MTLLanguageVersion::Version3_1,
        LanguageVersion::V3_2 => MTLLanguageVersion::Version3_2,
    });
    if objc2::available!(macos = 15.0, ios = 18.0, tvos = 18.0, visionos = 2.0) {
        metal.setMathMode(match options.math_mode {
            MathMode::Safe => MTLMathMode::Safe,
            MathMode::Relaxed => MTLMathMode::Relaxed,
            MathMode::Fast => MTLMathMode::Fast,
        });
        if options.math_mode == MathMode::Safe {
            metal.setMathFloatingPointFunctions(MTLMathFloatingPointFunctions::Precise);
        }
    } else {
        // Fast or safe; relaxed mathematics respects NaN and infinity, which only the safe one does as well.
        #[expect(deprecated, reason = "older systems have nothing else")]
        metal.setFastMathEnabled(options.math_mode == MathMode::Fast);
    }
    let names: Vec<_> = options.preprocessor_macros.keys().map(|name| NSString::from_str(name)).collect();
    let texts: Vec<_> = options.preprocessor_macros.values().map(|text| NSString::from_str(text)).collect();
    let names: Vec<&NSString> = names.iter().map(|name| &**name).collect();
    let texts: Vec<&NSObject> = texts.iter().map(|text| -> &NSObject { text }).collect();
    // SAFETY: the values are strings, as Metal demands.
    unsafe { metal.setPreprocessorMacros(Some(&NSDictionary::from_slices(&names, &texts))) };
    metal
}

/// The kernels of a library.
fn functions(library: &ProtocolObject<dyn MTLLibrary>, kernels: &[Kernel]) -> Vec<Function> {
    let names = library.functionNames().iter().map(|name| name.to_string()).collect();
    let ordered = reflection::in_order(names, kernels);
    let known = ordered.into_iter().filter_map(|(name, seen)| {
        // Nothing is known of one that Metal does not give without its constants: making a pipeline of it tells more.
        let function = library.newFunctionWithName(&NSString::from_str(&name));
        let is_kernel =
            function.as_ref().is_none_or(|function| function.functionType() == MTLFunctionType::Kernel);
        is_kernel.then(|| Function {
            constants: function.map_or_else(Vec::new, |function| constants(&function)),
            name,
            seen: seen.cloned(),
            pipeline: OnceLock::new(),
            reflection: OnceLock::new(),
        })
    });
    known.collect()
}

/// The constants of a function, by index. Those of types that MSL has no values of here are left to Metal, which then refuses
/// the pipeline.
fn constants(function: &ProtocolObject<dyn MTLFunction>) -> Vec<FunctionConstant> {
    let dictionary = function.functionConstantsDictionary();
    let mut constants: Vec<_> = dictionary
        .allValues()
        .iter()
        .filter_map(|constant| {
            Some(FunctionConstant {
                name: constant.name().to_string(),
                index: u32::try_from(constant.index()).ok()?,
                data_type: types::data_type(constant.r#type().0)?,
                required: constant.required(),
            })
        })
        .collect();
    constants.sort_by_key(|constant| constant.index);
    constants
}

fn set(values: &MTLFunctionConstantValues, constant: &FunctionConstant, value: &ConstantValue) {
    // Metal may read as much as the type takes in memory, which is more than three lanes.
    let mut bytes = [0u64; 4];
    let room: &mut [u8] = bytemuck::cast_slice_mut(&mut bytes);
    room[..value.bytes().len()].copy_from_slice(value.bytes());
    let data_type = MTLDataType(types::number(value.data_type()));
    let address = NonNull::from(&mut bytes).cast::<c_void>();
    // SAFETY: the bytes are a value of the type, aligned and as many as it takes, and Metal copies them.
    unsafe { values.setConstantValue_type_atIndex(address, data_type, constant.index as usize) };
}
