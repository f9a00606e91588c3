//! Named tensors, such as the variables of graphs, in safetensors files.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, Write as _};
use std::panic::Location;
use std::path::{Path, PathBuf};

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError, SafeTensors};

use super::data::{TensorData, swapped};
use super::data_type::TensorDataType;
use super::error::GraphError;
use super::executable::{GraphDevice, check_value, variable};
use super::handle::GraphTensor;
use crate::error::{Error, Result};

/// Named tensors and what else is to be known of them: the contents of a
/// [safetensors](https://huggingface.co/docs/safetensors) file, which other programs read and write too. With the
/// feature `safetensors`.
///
/// ```
/// use metal_bridge::Device;
/// use metal_bridge::graph::{Checkpoint, Graph, GraphDevice, TensorData};
///
/// # fn main() -> metal_bridge::Result<()> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("weights.safetensors");
/// let graph = Graph::new();
/// let weights = graph.variable(TensorData::new([2], &[1.0f32, 2.0])?, "weights")?;
/// let device = GraphDevice::new(&Device::system_default()?);
///
/// let mut checkpoint = device.checkpoint(&graph.variables())?;
/// checkpoint.metadata.insert("epochs".into(), "3".into());
/// checkpoint.save(&path)?;
///
/// device.write_variable(&weights, &TensorData::new([2], &[0.0f32, 0.0])?)?;
/// let checkpoint = Checkpoint::load(&path)?;
/// device.restore(&checkpoint, &graph.variables())?;
/// assert_eq!(device.read_variable(&weights)?.to_vec::<f32>()?, [1.0, 2.0]);
/// assert_eq!(checkpoint.metadata["epochs"], "3");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// The tensors by their names.
    pub tensors: BTreeMap<String, TensorData>,
    /// Text by keys, for whatever belongs to the tensors.
    pub metadata: BTreeMap<String, String>,
}

/// Why a checkpoint cannot be read, written or used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// Reading or writing a file failed.
    #[error("{}: {message}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The kind of failure.
        kind: io::ErrorKind,
        /// The system's message.
        message: String,
    },
    /// The bytes are no safetensors file, or tensors cannot be written as one.
    #[error("not a safetensors file: {message}")]
    Format {
        /// What is wrong.
        message: String,
    },
    /// A file is no safetensors file, or not one that can be used.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<Error>,
    },
    /// A tensor has elements that tensors of graphs cannot have.
    #[error(
        "tensor \"{tensor}\" has elements of type {data_type}, expected F32, F16, BF16, I32, I64, U8 or BOOL"
    )]
    DataType {
        /// The tensor's name.
        tensor: String,
        /// The type's name in the file.
        data_type: String,
    },
    /// A variable's value is not there.
    #[error("there is no tensor \"{tensor}\"; there are {}", .names.join(", "))]
    Missing {
        /// The variable's name.
        tensor: String,
        /// The names there are.
        names: Vec<String>,
    },
    /// Two variables have one name.
    #[error("two variables are called \"{tensor}\"; give them different labels")]
    Duplicate {
        /// The name.
        tensor: String,
    },
}

impl From<CheckpointError> for Error {
    fn from(error: CheckpointError) -> Self {
        Self::Checkpoint(Box::new(error))
    }
}

impl From<SafeTensorError> for CheckpointError {
    fn from(error: SafeTensorError) -> Self {
        Self::Format { message: error.to_string() }
    }
}

impl Checkpoint {
    /// Reads the bytes of a safetensors file.
    ///
    /// # Errors
    ///
    /// The bytes are no such file, or a tensor has a type or shape that [`TensorData`] cannot have.
    #[track_caller]
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let location = Location::caller();
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(CheckpointError::from)?;
        let file = SafeTensors::deserialize(bytes).map_err(CheckpointError::from)?;
        let mut tensors = BTreeMap::new();
        for (name, view) in file.iter() {
            let data_type = tensor_type(view.dtype()).ok_or_else(|| CheckpointError::DataType {
                tensor: name.into(),
                data_type: format!("{:?}", view.dtype()),
            })?;
            let tensor = if cfg!(target_endian = "big") {
                TensorData::checked(data_type, view.shape().into(), &swapped(data_type, view.data().to_vec()))
            } else {
                TensorData::checked(data_type, view.shape().into(), view.data())
            };
            let error =
                |problem| GraphError::new("Checkpoint::from_bytes", location, problem).with_label(name);
            tensors.insert(name.into(), tensor.map_err(error)?);
        }
        Ok(Self { tensors, metadata: header.metadata().clone().unwrap_or_default().into_iter().collect() })
    }

    /// The bytes of a safetensors file.
    ///
    /// # Errors
    ///
    /// Names and metadata are longer than a file may say.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut turned = Vec::new();
        if cfg!(target_endian = "big") {
            turned.extend(self.tensors.values().map(|data| swapped(data.data_type(), data.bytes().to_vec())));
        }
        let mut views = Vec::new();
        for (i, (name, data)) in self.tensors.iter().enumerate() {
            let bytes = turned.get(i).map_or(data.bytes(), Vec::as_slice);
            let view = TensorView::new(dtype(data.data_type()), data.shape().to_vec(), bytes);
            views.push((name.as_str(), view.map_err(CheckpointError::from)?));
        }
        let metadata = self.metadata.iter().map(|(key, text)| (key.clone(), text.clone()));
        let metadata = (!self.metadata.is_empty()).then(|| metadata.collect::<HashMap<_, _>>());
        Ok(safetensors::serialize(views, metadata).map_err(CheckpointError::from)?)
    }

    /// Reads a safetensors file.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or as [`from_bytes`](Self::from_bytes).
    #[track_caller]
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(|error| io_error(path, &error))?;
        Self::from_bytes(&bytes)
            .map_err(|source| CheckpointError::File { path: path.into(), source: Box::new(source) }.into())
    }

    /// Writes a safetensors file. A file that is there is replaced in one step, so that there is a whole one at any
    /// time, whatever happens; what is unfinished lies beside it, with `.unfinished` after its name.
    ///
    /// # Errors
    ///
    /// The file cannot be written, or as [`to_bytes`](Self::to_bytes).
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let bytes = self.to_bytes()?;
        let mut unfinished = path.as_os_str().to_owned();
        unfinished.push(".unfinished");
        let write = || -> io::Result<()> {
            let mut file = fs::File::create(&unfinished)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            fs::rename(&unfinished, path)
        };
        Ok(write().map_err(|error| io_error(path, &error))?)
    }
}

impl GraphDevice {
    /// The values of variables under their labels, after waiting for committed work that assigns them.
    /// [`Graph::variables`](super::Graph::variables) are all of a graph, the state of optimisers included. With the
    /// feature `safetensors`.
    ///
    /// # Errors
    ///
    /// Two variables have one label, or as [`read_variable`](Self::read_variable).
    #[track_caller]
    pub fn checkpoint<'a>(&self, variables: impl IntoIterator<Item = &'a GraphTensor>) -> Result<Checkpoint> {
        let mut checkpoint = Checkpoint::default();
        for variable in variables {
            let (name, value) = (variable.label(), self.read_variable(variable)?);
            if checkpoint.tensors.insert(name.clone(), value).is_some() {
                return Err(CheckpointError::Duplicate { tensor: name }.into());
            }
        }
        Ok(checkpoint)
    }

    /// Gives variables the values that a checkpoint has under their labels, after waiting for committed work that uses
    /// them. What else is in the checkpoint is left alone. With the feature `safetensors`.
    ///
    /// # Errors
    ///
    /// A value is missing or of another type or shape than the variable; then no variable has changed. As
    /// [`write_variable`](Self::write_variable).
    #[track_caller]
    pub fn restore<'a>(
        &self,
        checkpoint: &Checkpoint,
        variables: impl IntoIterator<Item = &'a GraphTensor>,
    ) -> Result<()> {
        let location = Location::caller();
        let mut values = Vec::new();
        for tensor in variables {
            let name = tensor.label();
            let (_, initial) = variable("restore", tensor, location)?;
            let value = checkpoint.tensors.get(&name).ok_or_else(|| CheckpointError::Missing {
                tensor: name.clone(),
                names: checkpoint.tensors.keys().cloned().collect(),
            })?;
            check_value(&initial, value)
                .map_err(|problem| GraphError::new("restore", location, problem).with_label(&name))?;
            values.push((tensor, value));
        }
        values.into_iter().try_for_each(|(tensor, value)| self.write_variable(tensor, value))
    }
}

fn io_error(path: &Path, error: &io::Error) -> CheckpointError {
    CheckpointError::Io { path: path.into(), kind: error.kind(), message: error.to_string() }
}

fn tensor_type(dtype: Dtype) -> Option<TensorDataType> {
    TensorDataType::ALL.into_iter().find(|data_type| self::dtype(*data_type) == dtype)
}

const fn dtype(data_type: TensorDataType) -> Dtype {
    match data_type {
        TensorDataType::Float32 => Dtype::F32,
        TensorDataType::Float16 => Dtype::F16,
        TensorDataType::BFloat16 => Dtype::BF16,
        TensorDataType::Int32 => Dtype::I32,
        TensorDataType::Int64 => Dtype::I64,
        TensorDataType::UInt8 => Dtype::U8,
        TensorDataType::Bool => Dtype::BOOL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Device;
    use crate::graph::Graph;

    fn all_types() -> Checkpoint {
        let mut checkpoint = Checkpoint::default();
        for data_type in TensorDataType::ALL {
            let bytes: Vec<u8> = (0..6 * data_type.size()).map(|i| (i % 2) as u8).collect();
            let data = TensorData::from_bytes(data_type, [2, 3], &bytes).unwrap();
            checkpoint.tensors.insert(format!("of {data_type}"), data);
        }
        checkpoint.metadata.insert("about".into(), "Σ \"quotes\"".into());
        checkpoint
    }

    #[test]
    fn what_is_written_is_read() {
        let checkpoint = all_types();
        assert_eq!(Checkpoint::from_bytes(&checkpoint.to_bytes().unwrap()), Ok(checkpoint));
        let empty = Checkpoint::default();
        assert_eq!(Checkpoint::from_bytes(&empty.to_bytes().unwrap()), Ok(empty));
    }

    #[test]
    fn files_are_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.safetensors");
        Checkpoint::default().save(&path).unwrap();
        all_types().save(&path).unwrap();
        assert_eq!(Checkpoint::load(&path), Ok(all_types()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing unfinished is left");

        let error = Checkpoint::load(folder.path().join("none")).unwrap_err();
        let Error::Checkpoint(error) = error else { panic!("{error}") };
        assert!(matches!(*error, CheckpointError::Io { kind: io::ErrorKind::NotFound, .. }), "{error}");
        fs::write(&path, "text").unwrap();
        let message = Checkpoint::load(&path).unwrap_err().to_string();
        assert!(message.contains("a.safetensors: not a safetensors file"), "{message}");
    }

    #[test]
    fn types_without_a_tensor_are_named() {
        let bytes = [0; 8];
        let view = TensorView::new(Dtype::F64, vec![1], &bytes).unwrap();
        let file = safetensors::serialize([("x", view)], None).unwrap();
        assert_eq!(
            Checkpoint::from_bytes(&file).unwrap_err().to_string(),
            "tensor \"x\" has elements of type F64, expected F32, F16, BF16, I32, I64, U8 or BOOL"
        );
        let view = TensorView::new(Dtype::BOOL, vec![1], &[2]).unwrap();
        let file = safetensors::serialize([("x", view)], None).unwrap();
        let message = Checkpoint::from_bytes(&file).unwrap_err().to_string();
        assert!(message.contains("\"x\"") && message.contains("the byte 2"), "{message}");
    }

    #[test]
    fn variables_are_restored_all_or_none() {
        let graph = Graph::new();
        let data = |values: &[f32]| TensorData::new([values.len()], values).unwrap();
        let a = graph.variable(data(&[1.0]), "a").unwrap();
        let b = graph.variable(data(&[2.0, 3.0]), "b").unwrap();
        let device = GraphDevice::new(&Device::null());
        let saved = device.checkpoint([&a, &b]).unwrap();

        let mut wrong = saved.clone();
        wrong.tensors.insert("a".into(), data(&[7.0]));
        wrong.tensors.insert("b".into(), data(&[7.0]));
        let message = device.restore(&wrong, [&a, &b]).unwrap_err().to_string();
        assert!(message.contains("restore \"b\"") && message.contains("[2]"), "{message}");
        wrong.tensors.remove("b");
        let message = device.restore(&wrong, [&a, &b]).unwrap_err().to_string();
        assert_eq!(message, "there is no tensor \"b\"; there are a");
        assert_eq!(device.checkpoint([&a, &b]).unwrap(), saved, "nothing has changed");

        device.restore(&wrong, [&a]).unwrap();
        assert_eq!(device.read_variable(&a).unwrap(), data(&[7.0]));

        b.set_label("a");
        let message = device.checkpoint([&a, &b]).unwrap_err().to_string();
        assert_eq!(message, "two variables are called \"a\"; give them different labels");
    }

    /// Any bytes give a checkpoint or an error.
    #[test]
    fn hostile_bytes_do_no_harm() {
        let valid = all_types().to_bytes().unwrap();
        let mut state = 1u64;
        let mut below = |n: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % n
        };
        let mut read = 0;
        for _ in 0..20_000 {
            let mut bytes = valid.clone();
            for _ in 0..1 + below(3) {
                let (at, byte) = (below(bytes.len()), below(256) as u8);
                bytes[at] = byte;
            }
            read += usize::from(Checkpoint::from_bytes(&bytes).is_ok());
        }
        assert!(read > 0 && read < 20_000, "{read} were read");
    }
}
