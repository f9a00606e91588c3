//! NumPy's `.npy` files, versions 1 to 3 of the format, to and from tensors and buffers.
//!
//! ```
//! use metal_bridge::graph::{TensorData, TensorDataType};
//! use metal_bridge::{Device, ResourceOptions, ScalarType};
//!
//! # fn main() -> metal_bridge::Result<()> {
//! let mut file = Vec::new(); // or std::fs::File::create(…)
//! TensorData::new([2, 2], &[1.0f32, 2.0, 3.0, 4.0])?.write_npy(&mut file)?;
//!
//! let tensor = TensorData::read_npy(file.as_slice())?;
//! assert_eq!(tensor.data_type(), TensorDataType::Float32);
//!
//! let device = Device::null();
//! let (buffer, header) = device.new_buffer_with_npy(file.as_slice(), ResourceOptions::default())?;
//! assert_eq!((header.scalar_type(), header.shape()), (ScalarType::Float, &[2, 2][..]));
//! assert_eq!(buffer.read::<f32>()?, [1.0, 2.0, 3.0, 4.0]);
//! # Ok(())
//! # }
//! ```
//!
//! Files are read whatever their byte order, and whether they are row by row or column by column (Fortran's order);
//! values are row by row in memory. What is written is row by row, and little-endian. NumPy has no type for
//! bfloat16: it is written as two bytes without a type (`V2`), as the package `ml_dtypes` does, and such are read
//! as bfloat16.
//!
//! Files may be hostile: what a header promises is not believed before the data is there.

// Own code because the crates for it bring a parser generator and arbitrary-precision integers for one line of text.
// The format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.

use std::io::{self, Read, Write};
use std::panic::Location;

use msl_types::ScalarType;

use crate::buffer::{Buffer, ResourceOptions};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::graph::{GraphError, TensorData, TensorDataType};

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// Longest header that is read; NumPy's own limit is 10,000 characters.
const MAX_HEADER: usize = 1 << 16;
/// The data starts at a multiple of this.
const ALIGNMENT: usize = 64;

/// What a `.npy` file says of the data that follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    scalar_type: ScalarType,
    shape: Vec<usize>,
    big_endian: bool,
    fortran_order: bool,
}

/// Why a `.npy` file cannot be read or written. The messages go on after the name of a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NpyError {
    /// It is another kind of file.
    #[error("does not begin with \\x93NUMPY, as .npy files do")]
    NoMagic,
    /// The format has changed.
    #[error("has version {0}.{1} of the .npy format; versions 1 to 3 are known")]
    Version(u8, u8),
    /// The header is longer than any that a shape needs.
    #[error("has a header of {0} bytes; at most {MAX_HEADER} are read")]
    HeaderLength(usize),
    /// The header is no Python dictionary with the three keys that it must have.
    #[error("has a header that cannot be read at character {position}: expected {expected}")]
    Syntax {
        /// Where in the header.
        position: usize,
        /// What should be there.
        expected: &'static str,
    },
    /// There is no such scalar in MSL.
    #[error("has elements of type {descr}, for which MSL has no type{advice}")]
    Type {
        /// NumPy's name of the type.
        descr: String,
        /// What can be done, if anything.
        advice: &'static str,
    },
    /// Buffers can have such elements, but tensors of graphs cannot.
    #[error(
        "has elements of type {}, which tensors cannot have; save a.astype('int32') or another type of tensors instead",
        scalar_type.name()
    )]
    TensorType {
        /// MSL's type.
        scalar_type: ScalarType,
    },
    /// No address space holds that much.
    #[error("has a shape with more elements than fit into memory")]
    TooLarge,
    /// The file is over in the middle of its header.
    #[error("ends within its header")]
    TruncatedHeader,
    /// The file is over before its data.
    #[error("ends before its {expected} bytes of data")]
    TruncatedData {
        /// Bytes that the header promises.
        expected: usize,
    },
    /// The memory for the data is of another length than the data.
    #[error("has {expected} bytes of data, not {got}")]
    Length {
        /// Bytes of memory.
        got: usize,
        /// Bytes of data, from type and shape.
        expected: usize,
    },
    /// The header would have more than the format can say.
    #[error("cannot have a shape of {0} axes")]
    Axes(usize),
    /// Reading or writing failed.
    #[error("cannot be read or written: {message}")]
    Io {
        /// The kind of failure.
        kind: io::ErrorKind,
        /// The system's message.
        message: String,
    },
}

impl From<io::Error> for NpyError {
    fn from(error: io::Error) -> Self {
        Self::Io { kind: error.kind(), message: error.to_string() }
    }
}

impl Header {
    /// The header of values row by row, little-endian.
    pub fn new(scalar_type: ScalarType, shape: &[usize]) -> Self {
        Self { scalar_type, shape: shape.to_vec(), big_endian: false, fortran_order: false }
    }

    /// Reads the header; the reader then stands at the data. Readers that do not buffer are slow.
    ///
    /// # Errors
    ///
    /// The file is no `.npy` file that can be used.
    pub fn read(mut reader: impl Read) -> Result<Self, NpyError> {
        let mut start = [0; 8];
        fill(&mut reader, &mut start, NpyError::NoMagic)?;
        if start[..6] != *MAGIC {
            return Err(NpyError::NoMagic);
        }
        let length = match start[6] {
            1 => {
                let mut bytes = [0; 2];
                fill(&mut reader, &mut bytes, NpyError::TruncatedHeader)?;
                usize::from(u16::from_le_bytes(bytes))
            }
            2 | 3 => {
                let mut bytes = [0; 4];
                fill(&mut reader, &mut bytes, NpyError::TruncatedHeader)?;
                u32::from_le_bytes(bytes) as usize
            }
            major => return Err(NpyError::Version(major, start[7])),
        };
        if length > MAX_HEADER {
            return Err(NpyError::HeaderLength(length));
        }
        let mut text = vec![0; length];
        fill(&mut reader, &mut text, NpyError::TruncatedHeader)?;
        Parser { text: &text, position: 0 }.header()
    }

    /// The type of the elements.
    pub fn scalar_type(&self) -> ScalarType {
        self.scalar_type
    }

    /// The sizes of the axes.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Bytes of data.
    ///
    /// # Errors
    ///
    /// [`NpyError::TooLarge`].
    pub fn data_length(&self) -> Result<usize, NpyError> {
        self.shape
            .iter()
            .try_fold(self.scalar_type.size(), |n, extent| n.checked_mul(*extent))
            .filter(|length| isize::try_from(*length).is_ok())
            .ok_or(NpyError::TooLarge)
    }

    /// Reads the data that follows the header, as values row by row in this machine's byte order.
    ///
    /// # Errors
    ///
    /// `bytes` are not as many as [`data_length`](Self::data_length) says, or the data ends too early.
    pub fn read_data(&self, mut reader: impl Read, bytes: &mut [u8]) -> Result<(), NpyError> {
        let expected = self.data_length()?;
        if bytes.len() != expected {
            return Err(NpyError::Length { got: bytes.len(), expected });
        }
        if self.fortran_order {
            transpose(&self.read_raw(reader)?, bytes, self.scalar_type.size(), &self.shape);
        } else {
            fill(&mut reader, bytes, NpyError::TruncatedData { expected })?;
        }
        self.turn(bytes);
        Ok(())
    }

    /// As [`read_data`](Self::read_data), but takes no more memory than there is data.
    fn read_to_vec(&self, reader: impl Read) -> Result<Vec<u8>, NpyError> {
        let mut bytes = self.read_raw(reader)?;
        if self.fortran_order {
            let columns = bytes.clone();
            transpose(&columns, &mut bytes, self.scalar_type.size(), &self.shape);
        }
        self.turn(&mut bytes);
        Ok(bytes)
    }

    /// The data as it is in the file.
    fn read_raw(&self, reader: impl Read) -> Result<Vec<u8>, NpyError> {
        let expected = self.data_length()?;
        let mut bytes = Vec::new();
        reader.take(expected as u64).read_to_end(&mut bytes)?;
        if bytes.len() < expected {
            return Err(NpyError::TruncatedData { expected });
        }
        Ok(bytes)
    }

    /// Into this machine's byte order, or out of it.
    fn turn(&self, bytes: &mut [u8]) {
        if self.big_endian != cfg!(target_endian = "big") {
            bytes.chunks_exact_mut(self.scalar_type.size()).for_each(<[u8]>::reverse);
        }
    }

    /// Writes the header of values row by row, little-endian, whatever was read.
    ///
    /// # Errors
    ///
    /// There are thousands of axes, or writing fails.
    pub fn write(&self, mut writer: impl Write) -> Result<(), NpyError> {
        let extents: String = self.shape.iter().map(|extent| format!("{extent}, ")).collect();
        // A tuple of one has a comma, one of several need not have it.
        let one = self.shape.len() == 1;
        let extents = if one { extents.trim_end() } else { extents.trim_end_matches(", ") };
        let descr = descr(self.scalar_type);
        let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({extents}), }}");
        let before = MAGIC.len() + 4;
        let padded = (before + text.len() + 1).next_multiple_of(ALIGNMENT) - before;
        text.extend(std::iter::repeat_n(' ', padded - 1 - text.len()));
        text.push('\n');
        let length = u16::try_from(text.len()).map_err(|_| NpyError::Axes(self.shape.len()))?;
        writer.write_all(MAGIC)?;
        writer.write_all(&[1, 0])?;
        writer.write_all(&length.to_le_bytes())?;
        writer.write_all(text.as_bytes())?;
        Ok(())
    }

    /// Writes the header and values row by row, which are in this machine's byte order.
    fn write_with(&self, bytes: &[u8], mut writer: impl Write) -> Result<(), NpyError> {
        self.write(&mut writer)?;
        if cfg!(target_endian = "little") {
            writer.write_all(bytes)?;
        } else {
            for element in bytes.chunks_exact(self.scalar_type.size()) {
                let turned: Vec<u8> = element.iter().rev().copied().collect();
                writer.write_all(&turned)?;
            }
        }
        writer.flush()?;
        Ok(())
    }
}

/// Reads until the bytes are full; `end` if the reader is at its end before.
fn fill(reader: &mut impl Read, bytes: &mut [u8], end: NpyError) -> Result<(), NpyError> {
    reader.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => end,
        _ => error.into(),
    })
}

/// Elements that lie along the first axis become elements that lie along the last.
fn transpose(columns: &[u8], rows: &mut [u8], size: usize, shape: &[usize]) {
    let mut position = vec![0; shape.len()];
    for to in rows.chunks_exact_mut(size) {
        let index = position.iter().zip(shape).rev().fold(0, |index, (at, extent)| index * extent + at);
        to.copy_from_slice(&columns[index * size..][..size]);
        for (at, extent) in position.iter_mut().zip(shape).rev() {
            *at += 1;
            if *at < *extent {
                break;
            }
            *at = 0;
        }
    }
}

impl TensorData {
    /// Reads a `.npy` file. The reader need not buffer if the file has nothing else in it.
    ///
    /// # Errors
    ///
    /// The file cannot be read, its elements are of a type that tensors cannot have, or a size is zero.
    #[track_caller]
    pub fn read_npy(reader: impl Read) -> Result<Self> {
        let location = Location::caller();
        let mut reader = io::BufReader::new(reader);
        let header = Header::read(&mut reader)?;
        let scalar_type = header.scalar_type;
        let data_type = TensorDataType::of_scalar(scalar_type).ok_or(NpyError::TensorType { scalar_type })?;
        let bytes = header.read_to_vec(reader)?;
        Self::checked(data_type, header.shape.into(), &bytes)
            .map_err(|problem| GraphError::new("TensorData::read_npy", location, problem).into())
    }

    /// Writes a `.npy` file.
    ///
    /// # Errors
    ///
    /// Writing fails.
    pub fn write_npy(&self, writer: impl Write) -> Result<()> {
        let header = Header::new(self.data_type().scalar_type(), self.shape());
        Ok(header.write_with(self.bytes(), writer)?)
    }
}

impl Device {
    /// A buffer with the values of a `.npy` file, row by row, and what the file says of them. The reader need not
    /// buffer if the file has nothing else in it.
    ///
    /// # Errors
    ///
    /// The file cannot be read or has no elements, the buffer would be private, or as
    /// [`new_buffer_with_length`](Self::new_buffer_with_length).
    pub fn new_buffer_with_npy(
        &self,
        reader: impl Read,
        options: ResourceOptions,
    ) -> Result<(Buffer, Header)> {
        let mut reader = io::BufReader::new(reader);
        let header = Header::read(&mut reader)?;
        // Large buffers take no memory before they are written.
        let buffer = self.new_buffer_with_length(header.data_length()?, options)?;
        header.read_data(reader, &mut buffer.map_write::<u8>()?)?;
        Ok((buffer, header))
    }
}

impl Buffer {
    /// Writes a `.npy` file of the elements at the beginning of the buffer, after waiting for committed work that
    /// writes it.
    ///
    /// # Errors
    ///
    /// The buffer is private, mapped for writing, or too short, or writing the file fails.
    pub fn write_npy(&self, writer: impl Write, scalar_type: ScalarType, shape: &[usize]) -> Result<()> {
        let header = Header::new(scalar_type, shape);
        let view = self.map_read_range::<u8>(0..header.data_length()?)?;
        Ok(header.write_with(&view, writer)?)
    }
}

impl From<NpyError> for Error {
    fn from(error: NpyError) -> Self {
        Self::Npy(Box::new(error))
    }
}

const fn descr(scalar: ScalarType) -> &'static str {
    match scalar {
        ScalarType::Bool => "|b1",
        ScalarType::Char => "|i1",
        ScalarType::UChar => "|u1",
        ScalarType::Short => "<i2",
        ScalarType::UShort => "<u2",
        ScalarType::Int => "<i4",
        ScalarType::UInt => "<u4",
        ScalarType::Long => "<i8",
        ScalarType::ULong => "<u8",
        ScalarType::Half => "<f2",
        ScalarType::BFloat => "|V2",
        ScalarType::Float => "<f4",
    }
}

/// The MSL type of a `descr`, and whether it is big-endian.
fn scalar_type(found: &str) -> Result<(ScalarType, bool), NpyError> {
    let unsupported = |advice| NpyError::Type { descr: format!("'{found}'"), advice };
    let mut chars = found.chars();
    let order = chars.next().unwrap_or(' ');
    let kind = chars.as_str();
    let scalar = ScalarType::ALL.into_iter().find(|scalar| descr(*scalar)[1..] == *kind);
    match (order, scalar) {
        ('<' | '>' | '|' | '=', Some(scalar)) => {
            Ok((scalar, order == '>' || (order == '=' && cfg!(target_endian = "big"))))
        }
        (_, _) if kind == "f8" => Err(unsupported("; save a.astype('float32') instead")),
        (_, _) if kind.starts_with('c') => Err(unsupported("; save a.view('float32') for float2")),
        _ => Err(unsupported("")),
    }
}

/// Reads the one line of a header: a Python dictionary with three known keys.
struct Parser<'a> {
    text: &'a [u8],
    position: usize,
}

impl Parser<'_> {
    fn header(mut self) -> Result<Header, NpyError> {
        let (mut scalar, mut order, mut shape) = (None, None, None);
        self.expect(b'{', "{")?;
        while !self.accept(b'}') {
            let key = self.string("a key in quotes")?;
            self.expect(b':', ":")?;
            match key.as_str() {
                "descr" if self.peek() == Some(b'[') => {
                    return Err(NpyError::Type { descr: "(a structure)".into(), advice: "" });
                }
                "descr" => scalar = Some(scalar_type(&self.string("a type in quotes")?)?),
                "fortran_order" => order = Some(self.boolean()?),
                "shape" => shape = Some(self.shape()?),
                _ => return Err(self.error("'descr', 'fortran_order' or 'shape'")),
            }
            if !self.accept(b',') {
                self.expect(b'}', ", or }")?;
                break;
            }
        }
        let (scalar_type, big_endian) = scalar.ok_or_else(|| self.error("the key 'descr'"))?;
        let fortran_order = order.ok_or_else(|| self.error("the key 'fortran_order'"))?;
        let shape: Vec<usize> = shape.ok_or_else(|| self.error("the key 'shape'"))?;
        Ok(Header { scalar_type, shape, big_endian, fortran_order })
    }

    const fn error(&self, expected: &'static str) -> NpyError {
        NpyError::Syntax { position: self.position, expected }
    }

    fn peek(&mut self) -> Option<u8> {
        while self.text.get(self.position).is_some_and(u8::is_ascii_whitespace) {
            self.position += 1;
        }
        self.text.get(self.position).copied()
    }

    fn accept(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.position += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), NpyError> {
        if self.accept(byte) { Ok(()) } else { Err(self.error(expected)) }
    }

    fn string(&mut self, expected: &'static str) -> Result<String, NpyError> {
        let quote =
            self.peek().filter(|byte| matches!(byte, b'\'' | b'"')).ok_or_else(|| self.error(expected))?;
        let rest = &self.text[self.position + 1..];
        let length = rest.iter().position(|byte| *byte == quote).ok_or_else(|| self.error(expected))?;
        self.position += length + 2;
        Ok(String::from_utf8_lossy(&rest[..length]).into_owned())
    }

    fn boolean(&mut self) -> Result<bool, NpyError> {
        self.peek();
        for (word, value) in [("True", true), ("False", false)] {
            if self.text[self.position..].starts_with(word.as_bytes()) {
                self.position += word.len();
                return Ok(value);
            }
        }
        Err(self.error("True or False"))
    }

    fn shape(&mut self) -> Result<Vec<usize>, NpyError> {
        self.expect(b'(', "(")?;
        let mut shape = Vec::new();
        while !self.accept(b')') {
            self.peek();
            let rest = &self.text[self.position..];
            let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let digits = std::str::from_utf8(&rest[..length]).unwrap_or_default();
            if digits.is_empty() {
                return Err(self.error("a number"));
            }
            shape.push(digits.parse().map_err(|_| NpyError::TooLarge)?);
            self.position += length;
            if !self.accept(b',') {
                self.expect(b')', ", or )")?;
                break;
            }
        }
        Ok(shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([1, 0]);
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes
    }

    fn read(header: &str) -> Result<Header, NpyError> {
        Header::read(file(header).as_slice())
    }

    #[test]
    fn what_is_written_is_read() {
        for scalar_type in ScalarType::ALL {
            for shape in [vec![], vec![0], vec![7], vec![2, 3], vec![1, 2, 3, 4]] {
                let mut bytes = Vec::new();
                let written = Header::new(scalar_type, &shape);
                written.write(&mut bytes).unwrap();
                assert_eq!(bytes.len() % ALIGNMENT, 0);
                let mut rest = bytes.as_slice();
                assert_eq!(Header::read(&mut rest).unwrap(), written);
                assert!(rest.is_empty());
            }
        }
    }

    #[test]
    fn tensors_come_back() {
        for data_type in TensorDataType::ALL {
            let bytes: Vec<u8> = (0..6 * data_type.size()).map(|i| (i % 2) as u8).collect();
            let tensor = TensorData::from_bytes(data_type, [3, 2], &bytes).unwrap();
            let mut file = Vec::new();
            tensor.write_npy(&mut file).unwrap();
            assert_eq!(TensorData::read_npy(file.as_slice()).unwrap(), tensor);
            file.pop();
            let error = TensorData::read_npy(file.as_slice()).unwrap_err();
            assert_eq!(error, NpyError::TruncatedData { expected: bytes.len() }.into());
        }
    }

    #[test]
    fn buffers_come_back() {
        let device = Device::null();
        let buffer = device.new_buffer_with_data(&[1u32, 2, 3], ResourceOptions::default()).unwrap();
        let mut file = Vec::new();
        buffer.write_npy(&mut file, ScalarType::UInt, &[2, 1]).unwrap();
        let (again, header) =
            device.new_buffer_with_npy(file.as_slice(), ResourceOptions::default()).unwrap();
        assert_eq!(again.read::<u32>().unwrap(), [1, 2]);
        assert_eq!(header, Header::new(ScalarType::UInt, &[2, 1]));

        let error = buffer.write_npy(&mut file, ScalarType::UInt, &[4]).unwrap_err();
        assert!(matches!(error, Error::OutOfRange { size: 16, length: 12, .. }), "{error}");
        let error = TensorData::read_npy(file.as_slice()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a .npy file has elements of type uint, which tensors cannot have; save a.astype('int32') or another type \
             of tensors instead"
        );
    }

    #[test]
    fn values_are_row_by_row_in_the_byte_order_of_the_machine() {
        let mut bytes = file("{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3, 2), }");
        // The first axis changes fastest: element (i, j, k) is number i + 2 j + 6 k.
        bytes.extend((0..12u16).flat_map(u16::to_be_bytes));
        let expected: Vec<u16> = vec![0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11];
        let device = Device::null();
        let (buffer, _) = device.new_buffer_with_npy(bytes.as_slice(), ResourceOptions::default()).unwrap();
        assert_eq!(buffer.read::<u16>().unwrap(), expected);

        let mut rest = bytes.as_slice();
        let header = Header::read(&mut rest).unwrap();
        let mut data = vec![0; 24];
        header.read_data(rest, &mut data).unwrap();
        let data_again: Vec<u16> = data.chunks_exact(2).map(bytemuck::pod_read_unaligned).collect();
        assert_eq!(data_again, expected);
        assert_eq!(header.read_data(rest, &mut data[1..]), Err(NpyError::Length { got: 23, expected: 24 }));
    }

    /// The bytes that `numpy.save` writes for `numpy.zeros((2, 3), 'float32')`.
    #[test]
    fn the_text_is_that_of_numpy() {
        let mut bytes = Vec::new();
        Header::new(ScalarType::Float, &[2, 3]).write(&mut bytes).unwrap();
        let expected = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
        assert_eq!(&bytes[10..10 + expected.len()], expected.as_bytes());
        assert_eq!(bytes.len(), 128);
        assert_eq!(bytes.last(), Some(&b'\n'));
    }

    #[test]
    fn other_spellings() {
        let header = read("{\"shape\":(4,),\"fortran_order\":True,\"descr\":\">i2\"}").unwrap();
        let expected =
            Header { scalar_type: ScalarType::Short, big_endian: true, fortran_order: true, shape: vec![4] };
        assert_eq!(header, expected);
    }

    #[test]
    fn what_cannot_be_used_is_refused() {
        let with = |descr: &str, order: &str, shape: &str| {
            read(&format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"))
        };
        for (result, part) in [
            (with("'<f8'", "False", "(1,)"), "astype('float32')"),
            (with("'<c8'", "False", "(1,)"), "float2"),
            (with("'|O'", "False", "(1,)"), "'|O'"),
            (with("''", "False", "(1,)"), "''"),
            (with("[('a', '<f4')]", "False", "(1,)"), "(a structure)"),
            (with("'<f4'", "False", "(99999999999999999999999,)"), "fit into memory"),
            (with("'<f4'", "Maybe", "(1,)"), "True or False"),
            (with("'<f4'", "False", "(-1,)"), "a number"),
            (with("'<f4'", "False", "(1 2)"), ", or )"),
            (read("{'descr': '<f4'}"), "'fortran_order'"),
            (read("{'descr"), "a key in quotes"),
            (read("{'x': 1}"), "'descr', 'fortran_order' or 'shape'"),
            (read(""), "{"),
            (Header::read(&b"\x93NUMPY\x09\x00"[..]), "version 9.0"),
            (Header::read(&b"\x93NUMPY\x02\x00\xff\xff\xff\xff"[..]), "4294967295"),
            (Header::read(&b"\x93NUMPY\x01\x00\x10\x00{"[..]), "ends within"),
            (Header::read(&b"\x93NUM"[..]), "does not begin with"),
            (Header::read(&b"PK\x03\x04xxxxxxxxx"[..]), "does not begin with"),
        ] {
            let message = result.unwrap_err().to_string();
            assert!(message.contains(part), "expected {part:?} in {message:?}");
        }
        let huge = with("'<f4'", "False", "(4294967296, 4294967296, 2)").unwrap();
        assert_eq!(huge.data_length(), Err(NpyError::TooLarge));
    }

    /// Any bytes give values or an error, and a promise of much data takes no memory.
    #[test]
    fn hostile_bytes_do_no_harm() {
        let mut valid = file("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }");
        valid.extend([0; 24]);
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
            bytes.truncate(below(2 * bytes.len()));
            read += usize::from(TensorData::read_npy(bytes.as_slice()).is_ok());
        }
        assert!(read > 0, "the changes are too strong to test anything but the beginning");
        let promise = file("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }");
        let error = TensorData::read_npy(promise.as_slice()).unwrap_err();
        assert_eq!(error, NpyError::TruncatedData { expected: 4_000_000_000_000 }.into());
    }
}
