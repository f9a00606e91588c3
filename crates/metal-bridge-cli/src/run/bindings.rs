//! What the command line binds to the arguments of the kernel.

use std::collections::BTreeMap;
use std::io::Write;

use metal_bridge::{
    Argument, Buffer, ComputeCommandEncoder, DataType, Device, FunctionReflection, ResourceOptions,
};

use crate::check::written_type;
use crate::cli::RunArguments;
use crate::data::spec::{Contents, Spec};
use crate::data::view::View;
use crate::error::{Failure, Result};

/// Buffers, bytes and threadgroup memory, by index.
pub(super) struct Bindings<'a> {
    arguments: &'a RunArguments,
    buffers: BTreeMap<usize, Bound>,
    bytes: BTreeMap<usize, Vec<u8>>,
}

struct Bound {
    buffer: Buffer,
    data_type: DataType,
    shape: Vec<usize>,
}

impl<'a> Bindings<'a> {
    /// Makes and fills the buffers. Warns of what does not look like what the kernel takes.
    pub(super) fn new(
        device: &Device,
        kernel: &FunctionReflection,
        arguments: &'a RunArguments,
    ) -> Result<Self> {
        let mut bindings = Self { arguments, buffers: BTreeMap::new(), bytes: BTreeMap::new() };
        for at in &arguments.buffer {
            let option = format!("--buffer {}", at.index);
            let (contents, buffer) = filled_buffer(device, &at.value, &option)?;
            buffer.set_label(option.clone());
            warn_of_mismatch(kernel, at.index, contents.data_type, &option);
            let bound = Bound { buffer, data_type: contents.data_type, shape: contents.shape };
            if bindings.buffers.insert(at.index, bound).is_some() {
                return Err(Failure::option(option, "is given twice"));
            }
        }
        for at in &arguments.bytes {
            let option = format!("--bytes {}", at.index);
            let mut contents = open(&at.value, &option)?;
            warn_of_mismatch(kernel, at.index, contents.data_type, &option);
            // The encoder has its own limit, and says so; this only keeps absurd sizes from being allocated.
            if contents.length > 1 << 20 {
                let message = format!("{} bytes are too many; use --buffer {}=…", contents.length, at.index);
                return Err(Failure::option(option, message));
            }
            let mut bytes = vec![0; contents.length];
            write(&mut contents, &mut bytes, &option)?;
            if bindings.buffers.contains_key(&at.index) {
                return Err(Failure::option(option, format!("there is a --buffer {} as well", at.index)));
            }
            if bindings.bytes.insert(at.index, bytes).is_some() {
                return Err(Failure::option(option, "is given twice"));
            }
        }
        let printed = arguments.print.iter().map(|index| ("--print", *index));
        let saved = arguments.save.iter().map(|at| ("--save", at.index));
        for (option, index) in printed.chain(saved) {
            if !bindings.buffers.contains_key(&index) {
                let indices: Vec<String> = bindings.buffers.keys().map(ToString::to_string).collect();
                let there_are = match indices.as_slice() {
                    [] => "no --buffer is given".to_owned(),
                    indices => format!("the buffers given are {}", indices.join(", ")),
                };
                return Err(Failure::option(
                    format!("{option} {index}"),
                    format!("no such buffer; {there_are}"),
                ));
            }
        }
        Ok(bindings)
    }

    /// Binds everything.
    pub(super) fn bind(&self, encoder: &mut ComputeCommandEncoder) -> Result<()> {
        for (index, bound) in &self.buffers {
            encoder.set_buffer(&bound.buffer, 0, *index)?;
        }
        for (index, bytes) in &self.bytes {
            encoder.set_bytes(bytes.as_slice(), *index)?;
        }
        for at in &self.arguments.threadgroup_memory {
            encoder.set_threadgroup_memory_length(at.value, at.index)?;
        }
        Ok(())
    }

    /// Prints the buffers of `--print`.
    pub(super) fn print(&self, out: &mut impl Write) -> Result<()> {
        for index in &self.arguments.print {
            let bound = &self.buffers[index];
            let bytes = bound.buffer.map_read::<u8>()?;
            write!(out, "buffer {index}: ")?;
            View { data_type: bound.data_type, shape: &bound.shape, bytes: &bytes }.show(out)?;
        }
        Ok(())
    }

    /// Saves the buffers of `--save`.
    pub(super) fn save(&self) -> Result<()> {
        for at in &self.arguments.save {
            let bound = &self.buffers[&at.index];
            let bytes = bound.buffer.map_read::<u8>()?;
            View { data_type: bound.data_type, shape: &bound.shape, bytes: &bytes }
                .save(&at.value)
                .map_err(|source| Failure::Npy { path: at.value.clone(), source })?;
        }
        Ok(())
    }

    /// Bytes of all buffers together.
    pub(super) fn buffer_bytes(&self) -> f64 {
        self.buffers.values().map(|bound| bound.buffer.length() as f64).sum()
    }
}

fn open(spec: &Spec, option: &str) -> Result<Contents> {
    Contents::open(spec).map_err(|source| Failure::Contents { option: option.into(), source })
}

fn write(contents: &mut Contents, bytes: &mut [u8], option: &str) -> Result<()> {
    contents.write_to(bytes).map_err(|source| Failure::Contents { option: option.into(), source })
}

fn filled_buffer(device: &Device, spec: &Spec, option: &str) -> Result<(Contents, Buffer)> {
    let mut contents = open(spec, option)?;
    let buffer = device
        .new_buffer_with_length(contents.length, ResourceOptions::STORAGE_MODE_SHARED)
        .map_err(|error| Failure::option(option, error.to_string()))?;
    write(&mut contents, &mut buffer.map_write::<u8>()?, option)?;
    Ok((contents, buffer))
}

/// Warns where the kernel has no such argument, or one of another scalar type.
fn warn_of_mismatch(kernel: &FunctionReflection, index: usize, given: DataType, option: &str) {
    let argument = u32::try_from(index).ok().and_then(|index| kernel.buffer_argument(index));
    if let Some(message) = mismatch(&kernel.name, argument, given) {
        crate::warn(&format!("{option}: {message}"));
    }
}

fn mismatch(kernel: &str, argument: Option<&Argument>, given: DataType) -> Option<String> {
    let Some(argument) = argument else {
        return Some(format!("kernel `{kernel}` has no buffer argument with this index"));
    };
    let taken = DataType::parse(&argument.type_name)?;
    (taken.scalar != given.scalar).then(|| {
        format!(
            "holds {given}, but argument `{}` of kernel `{kernel}` is {}",
            argument.name,
            written_type(argument)
        )
    })
}
