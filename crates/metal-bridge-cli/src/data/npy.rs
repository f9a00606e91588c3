//! NumPy's `.npy` files: the header, versions 1 to 3 of the format.
//!
//! Own code because the crates for it bring a parser generator and arbitrary-precision integers for one
//! line of text. The format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.

use std::io::{self, Read, Write};

use metal_bridge::ScalarType;

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// Longest header that is read; NumPy's own limit is 10,000 characters.
const MAX_HEADER: usize = 1 << 16;
/// The data starts at a multiple of this.
const ALIGNMENT: usize = 64;

/// What a `.npy` file says of the data that follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) scalar: ScalarType,
    pub(crate) big_endian: bool,
    pub(crate) shape: Vec<usize>,
}

/// Why a `.npy` file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NpyError {
    #[error("is no .npy file: it does not begin with \\x93NUMPY")]
    NoMagic,
    #[error("has version {0}.{1} of the .npy format; versions 1 to 3 are known")]
    Version(u8, u8),
    #[error("has a header of {0} bytes; at most {MAX_HEADER} are read")]
    HeaderLength(usize),
    #[error("has a header that cannot be read at character {position}: expected {expected}")]
    Syntax { position: usize, expected: &'static str },
    #[error("has elements of type {descr}, for which MSL has no type{advice}")]
    Type { descr: String, advice: &'static str },
    #[error("is in Fortran order; save numpy.ascontiguousarray(a) instead")]
    FortranOrder,
    #[error("has a shape with more elements than fit into memory")]
    TooLarge,
    #[error("ends within its header")]
    Truncated,
    #[error("cannot be read: {0}")]
    Io(io::Error),
}

impl From<io::Error> for NpyError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof { Self::Truncated } else { Self::Io(error) }
    }
}

impl Header {
    /// Reads the header; the reader then stands at the data.
    pub(crate) fn read(reader: &mut impl Read) -> Result<Self, NpyError> {
        let mut start = [0; 8];
        let mut filled = 0;
        while filled < start.len() {
            match reader.read(&mut start[filled..])? {
                0 => return Err(NpyError::NoMagic),
                n => filled += n,
            }
        }
        if start[..6] != *MAGIC {
            return Err(NpyError::NoMagic);
        }
        let length = match start[6] {
            1 => {
                let mut bytes = [0; 2];
                reader.read_exact(&mut bytes)?;
                usize::from(u16::from_le_bytes(bytes))
            }
            2 | 3 => {
                let mut bytes = [0; 4];
                reader.read_exact(&mut bytes)?;
                u32::from_le_bytes(bytes) as usize
            }
            major => return Err(NpyError::Version(major, start[7])),
        };
        if length > MAX_HEADER {
            return Err(NpyError::HeaderLength(length));
        }
        let mut text = vec![0; length];
        reader.read_exact(&mut text)?;
        Parser { text: &text, position: 0 }.header()
    }

    /// Number of scalars.
    pub(crate) fn count(&self) -> Result<usize, NpyError> {
        self.shape.iter().try_fold(1usize, |n, extent| n.checked_mul(*extent)).ok_or(NpyError::TooLarge)
    }

    /// Writes the header of little-endian data.
    ///
    /// NumPy has no bfloat16: it is written as `V2`, as the package `ml_dtypes` does.
    pub(crate) fn write(writer: &mut impl Write, scalar: ScalarType, shape: &[usize]) -> io::Result<()> {
        let extents: String = shape.iter().map(|extent| format!("{extent}, ")).collect();
        // A tuple of one has a comma, one of several need not have it.
        let extents = if shape.len() == 1 { extents.trim_end() } else { extents.trim_end_matches(", ") };
        let mut text =
            format!("{{'descr': '{}', 'fortran_order': False, 'shape': ({extents}), }}", descr(scalar));
        let before = MAGIC.len() + 4;
        let padded = (before + text.len() + 1).next_multiple_of(ALIGNMENT) - before;
        text.extend(std::iter::repeat_n(' ', padded - 1 - text.len()));
        text.push('\n');
        let length =
            u16::try_from(text.len()).map_err(|_| io::Error::other("the shape has too many axes"))?;
        writer.write_all(MAGIC)?;
        writer.write_all(&[1, 0])?;
        writer.write_all(&length.to_le_bytes())?;
        writer.write_all(text.as_bytes())
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
        let (scalar, big_endian) = scalar.ok_or_else(|| self.error("the key 'descr'"))?;
        let fortran_order = order.ok_or_else(|| self.error("the key 'fortran_order'"))?;
        let shape: Vec<usize> = shape.ok_or_else(|| self.error("the key 'shape'"))?;
        // Along one axis both orders are the same.
        if fortran_order && shape.iter().filter(|extent| **extent != 1).count() > 1 {
            return Err(NpyError::FortranOrder);
        }
        Ok(Header { scalar, big_endian, shape })
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
        Header::read(&mut file(header).as_slice())
    }

    #[test]
    fn what_is_written_is_read() {
        for scalar in ScalarType::ALL {
            for shape in [vec![], vec![0], vec![7], vec![2, 3], vec![1, 2, 3, 4]] {
                let mut bytes = Vec::new();
                Header::write(&mut bytes, scalar, &shape).unwrap();
                assert_eq!(bytes.len() % ALIGNMENT, 0);
                let mut rest = bytes.as_slice();
                let header = Header::read(&mut rest).unwrap();
                assert_eq!(header, Header { scalar, big_endian: false, shape });
                assert!(rest.is_empty());
            }
        }
    }

    /// The bytes that `numpy.save` writes for `numpy.zeros((2, 3), 'float32')`.
    #[test]
    fn the_text_is_that_of_numpy() {
        let mut bytes = Vec::new();
        Header::write(&mut bytes, ScalarType::Float, &[2, 3]).unwrap();
        let expected = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
        assert_eq!(&bytes[10..10 + expected.len()], expected.as_bytes());
        assert_eq!(bytes.len(), 128);
        assert_eq!(bytes.last(), Some(&b'\n'));
    }

    #[test]
    fn other_spellings() {
        let header = read("{\"shape\":(4,),\"fortran_order\":True,\"descr\":\">i2\"}").unwrap();
        assert_eq!(header, Header { scalar: ScalarType::Short, big_endian: true, shape: vec![4] });
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
            (with("'<f4'", "True", "(2, 2)"), "ascontiguousarray"),
            (with("'<f4'", "False", "(99999999999999999999999,)"), "fit into memory"),
            (with("'<f4'", "Maybe", "(1,)"), "True or False"),
            (with("'<f4'", "False", "(-1,)"), "a number"),
            (with("'<f4'", "False", "(1 2)"), ", or )"),
            (read("{'descr': '<f4'}"), "'fortran_order'"),
            (read("{'descr"), "a key in quotes"),
            (read("{'x': 1}"), "'descr', 'fortran_order' or 'shape'"),
            (read(""), "{"),
            (Header::read(&mut &b"\x93NUMPY\x09\x00"[..]), "version 9.0"),
            (Header::read(&mut &b"\x93NUMPY\x02\x00\xff\xff\xff\xff"[..]), "4294967295"),
            (Header::read(&mut &b"\x93NUMPY\x01\x00\x10\x00{"[..]), "ends within"),
            (Header::read(&mut &b"\x93NUM"[..]), "is no .npy file"),
            (Header::read(&mut &b"PK\x03\x04xxxxxxxxx"[..]), "is no .npy file"),
        ] {
            let message = result.unwrap_err().to_string();
            assert!(message.contains(part), "expected {part:?} in {message:?}");
        }
        let huge = with("'<f4'", "False", "(4294967296, 4294967296, 2)").unwrap();
        assert!(matches!(huge.count(), Err(NpyError::TooLarge)));
    }

    /// Any bytes give a header or an error.
    #[test]
    fn hostile_bytes_do_no_harm() {
        let valid = file("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }");
        let mut random = crate::data::element::Random::new(1);
        let mut below = |n: usize| (random.next() % n as u64) as usize;
        let mut read = 0;
        for _ in 0..20_000 {
            let mut bytes = valid.clone();
            for _ in 0..1 + below(3) {
                let (at, byte) = (below(bytes.len()), below(256) as u8);
                bytes[at] = byte;
            }
            bytes.truncate(below(2 * bytes.len()));
            if let Ok(header) = Header::read(&mut bytes.as_slice()) {
                let _ = header.count();
                read += 1;
            }
        }
        assert!(read > 0, "the changes are too strong to test anything but the beginning");
    }
}
