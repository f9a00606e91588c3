//! `SPEC`: what a buffer, an argument's bytes or a function constant holds.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use metal_bridge::DataType;
use metal_bridge::npy::{Header, NpyError};

use super::element::{Element, Random, expected_values, with_element_type};

/// A `SPEC` as written on the command line; files are not opened yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Spec {
    /// `TYPE:v1,v2,…`
    Values { data_type: DataType, scalars: Vec<u8> },
    /// `TYPE[N]:FILL`
    Fill { data_type: DataType, shape: Vec<usize>, fill: Fill },
    /// `FILE.npy`, or `TYPE:FILE.npy`
    File { data_type: Option<DataType>, path: PathBuf },
}

/// How `TYPE[N]:…` is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fill {
    Zeros,
    Ones,
    /// 0, 1, 2, …, one step per component.
    Iota,
    /// Random numbers from this seed.
    Random(u64),
}

/// Why a `SPEC` cannot be understood. Each message ends with an example that can.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SpecError {
    #[error(
        "`{0}` is neither TYPE:VALUES, TYPE[N]:FILL nor a .npy file; for example float:1,2.5 or uint[64]:iota or x.npy"
    )]
    Form(String),
    #[error(
        "`{0}` is no MSL type; the types are bool, char, uchar, short, ushort, int, uint, long, ulong, half, bfloat and float, and each of them with 2, 3 or 4 components, such as float4"
    )]
    Type(String),
    #[error("`{value}` is no {data_type}: expected {expected}; for example {data_type}:{example}")]
    Value { value: String, data_type: String, expected: &'static str, example: &'static str },
    #[error(
        "{data_type} has {lanes} components, but {got} values are no multiple of that; for example {data_type}:{example}"
    )]
    Components { data_type: DataType, lanes: u8, got: usize, example: String },
    #[error(
        "`[{0}]` is no size: expected the number of elements, or several numbers for several axes; for example float[1024] or float[64,32]"
    )]
    Shape(String),
    #[error("`{0}` fills nothing: expected zeros, ones, iota or rand(SEED); for example float[1024]:rand(7)")]
    Fill(String),
    #[error("iota over {count} components of {data_type} reaches {}, but expected is {expected}; take a larger type", count - 1)]
    Iota { count: usize, data_type: DataType, expected: &'static str },
    #[error("{0} elements of {1} are more than fit into memory")]
    TooLarge(String, DataType),
}

/// Why the contents that a `SPEC` describes cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ContentsError {
    #[error("{}: {source}", path.display())]
    Open { path: PathBuf, source: std::io::Error },
    #[error("{} {source}", path.display())]
    Npy { path: PathBuf, source: NpyError },
    #[error("{} holds {got}, but {asked} was asked for", path.display())]
    FileType { path: PathBuf, got: DataType, asked: DataType },
    #[error("{} has the shape {shape:?}; for {asked} its last axis must have {} elements", path.display(), asked.lanes)]
    FileComponents { path: PathBuf, shape: Vec<usize>, asked: DataType },
}

impl std::str::FromStr for Spec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        let is_npy = |text: &str| Path::new(text).extension().is_some_and(|e| e.eq_ignore_ascii_case("npy"));
        let Some((left, right)) = text.split_once(':') else {
            return if is_npy(text) {
                Ok(Self::File { data_type: None, path: text.into() })
            } else {
                Err(SpecError::Form(text.into()))
            };
        };
        let (name, extents) = match left.split_once('[') {
            None => (left, None),
            Some((name, rest)) => {
                let extents = rest.strip_suffix(']').ok_or_else(|| SpecError::Form(text.into()))?;
                (name, Some(extents))
            }
        };
        let Some(data_type) = DataType::parse(name) else {
            // A path may have a colon as well.
            return if is_npy(text) {
                Ok(Self::File { data_type: None, path: text.into() })
            } else {
                Err(SpecError::Type(name.into()))
            };
        };
        match extents {
            None if is_npy(right) => Ok(Self::File { data_type: Some(data_type), path: right.into() }),
            None => values(data_type, right),
            Some(extents) => fill(data_type, extents, right),
        }
    }
}

fn values(data_type: DataType, text: &str) -> Result<Spec, SpecError> {
    let mut scalars = Vec::new();
    let mut count = 0;
    with_element_type!(data_type.scalar, T => {
        for value in text.split(',').map(str::trim) {
            let value = T::parse(value).ok_or_else(|| SpecError::Value {
                value: value.into(),
                data_type: data_type.scalar.name().into(),
                expected: expected_values(data_type.scalar),
                example: "0,1,1",
            })?;
            scalars.extend_from_slice(bytemuck::bytes_of(&value));
            count += 1;
        }
    });
    if count % usize::from(data_type.lanes) != 0 {
        let example = ["0"; 4][..usize::from(data_type.lanes)].join(",");
        return Err(SpecError::Components { data_type, lanes: data_type.lanes, got: count, example });
    }
    Ok(Spec::Values { data_type, scalars })
}

fn fill(data_type: DataType, extents: &str, text: &str) -> Result<Spec, SpecError> {
    let shape: Option<Vec<usize>> = extents
        .split(',')
        .map(|extent| extent.trim().parse().ok().filter(|n| *n > 0 && !extent.contains('+')))
        .collect();
    let shape = shape.ok_or_else(|| SpecError::Shape(extents.into()))?;
    let seed = || text.strip_prefix("rand(")?.strip_suffix(')')?.trim().parse().ok();
    let fill = match text {
        "zeros" => Fill::Zeros,
        "ones" => Fill::Ones,
        "iota" => Fill::Iota,
        _ => Fill::Random(seed().ok_or_else(|| SpecError::Fill(text.into()))?),
    };
    let too_large = || SpecError::TooLarge(extents.into(), data_type);
    let count = elements(&shape).ok_or_else(too_large)?;
    count.checked_mul(data_type.size()).filter(|n| isize::try_from(*n).is_ok()).ok_or_else(too_large)?;
    let components = count * usize::from(data_type.lanes);
    let reachable = with_element_type!(data_type.scalar, T => T::from_index(components as u64 - 1).is_some());
    if fill == Fill::Iota && !reachable {
        return Err(SpecError::Iota {
            count: components,
            data_type,
            expected: expected_values(data_type.scalar),
        });
    }
    Ok(Spec::Fill { data_type, shape, fill })
}

fn elements(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |n, extent| n.checked_mul(*extent))
}

/// The contents that a [`Spec`] describes, of known type and size, ready to be written to memory.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) data_type: DataType,
    /// Extents in elements; a vector is one element.
    pub(crate) shape: Vec<usize>,
    /// Bytes, with three-component vectors in the room of four.
    pub(crate) length: usize,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Scalars(Vec<u8>),
    Fill(Fill),
    File { path: PathBuf, reader: BufReader<File>, header: Header },
}

impl Contents {
    /// Opens the file, if the `SPEC` is one.
    pub(crate) fn open(spec: &Spec) -> Result<Self, ContentsError> {
        match spec {
            Spec::Values { data_type, scalars } => {
                let count = scalars.len() / (data_type.scalar.size() * usize::from(data_type.lanes));
                let length = count * data_type.size();
                Ok(Self {
                    data_type: *data_type,
                    shape: vec![count],
                    length,
                    source: Source::Scalars(scalars.clone()),
                })
            }
            Spec::Fill { data_type, shape, fill } => {
                let length = shape.iter().product::<usize>() * data_type.size();
                Ok(Self { data_type: *data_type, shape: shape.clone(), length, source: Source::Fill(*fill) })
            }
            Spec::File { data_type, path } => Self::open_file(*data_type, path),
        }
    }

    fn open_file(asked: Option<DataType>, path: &Path) -> Result<Self, ContentsError> {
        let open_error = |source| ContentsError::Open { path: path.into(), source };
        let npy_error = |source| ContentsError::Npy { path: path.into(), source };
        let file = File::open(path).map_err(open_error)?;
        let metadata = file.metadata().map_err(open_error)?;
        let mut reader = BufReader::new(file);
        let header = Header::read(&mut reader).map_err(npy_error)?;
        let scalar = header.scalar_type();
        let in_file = DataType::scalar(scalar);
        let data_type = asked.unwrap_or(in_file);
        let mut shape = header.shape().to_vec();
        if data_type.scalar != scalar {
            return Err(ContentsError::FileType { path: path.into(), got: in_file, asked: data_type });
        }
        if data_type.lanes > 1 && shape.pop() != Some(usize::from(data_type.lanes)) {
            let shape = header.shape().to_vec();
            return Err(ContentsError::FileComponents { path: path.into(), shape, asked: data_type });
        }
        let expected = header.data_length().map_err(npy_error)?;
        let length = elements(&shape)
            .and_then(|count| count.checked_mul(data_type.size()))
            .filter(|length| isize::try_from(*length).is_ok())
            .ok_or_else(|| npy_error(NpyError::TooLarge))?;
        // Known before anything is allocated: a short file may claim any shape.
        if metadata.is_file() && metadata.len() < expected as u64 {
            return Err(npy_error(NpyError::TruncatedData { expected }));
        }
        Ok(Self { data_type, shape, length, source: Source::File { path: path.into(), reader, header } })
    }

    /// Writes the contents to memory of [`length`](Self::length) bytes, all zero before.
    pub(crate) fn write_to(&mut self, bytes: &mut [u8]) -> Result<(), ContentsError> {
        let Self { data_type, length, .. } = *self;
        let lanes = usize::from(data_type.lanes);
        let scalar_size = data_type.scalar.size();
        debug_assert_eq!(bytes.len(), length);
        match &mut self.source {
            Source::Scalars(scalars) => {
                let rows = bytes.chunks_exact_mut(data_type.size());
                for (row, packed) in rows.zip(scalars.chunks_exact(lanes * scalar_size)) {
                    row[..packed.len()].copy_from_slice(packed);
                }
            }
            Source::Fill(Fill::Zeros) => {}
            Source::Fill(fill) => with_element_type!(data_type.scalar, T => match *fill {
                Fill::Zeros => {}
                Fill::Ones => generate(bytes, data_type, |_| T::from_index(1)),
                Fill::Iota => generate(bytes, data_type, T::from_index),
                Fill::Random(seed) => {
                    let mut random = Random::new(seed);
                    generate(bytes, data_type, |_| Some(T::from_random_bits(random.next())));
                }
            }),
            Source::File { path, reader, header } => {
                let npy_error = |source| ContentsError::Npy { path: path.clone(), source };
                // The file has no padding, of which memory may have some.
                let packed = lanes * scalar_size;
                if packed == data_type.size() {
                    header.read_data(reader, bytes).map_err(npy_error)?;
                } else {
                    let mut scalars = vec![0; header.data_length().map_err(npy_error)?];
                    header.read_data(reader, &mut scalars).map_err(npy_error)?;
                    let rows = bytes.chunks_exact_mut(data_type.size());
                    rows.zip(scalars.chunks_exact(packed))
                        .for_each(|(row, from)| row[..packed].copy_from_slice(from));
                }
            }
        }
        Ok(())
    }
}

/// Writes a value for each component, by its number.
fn generate<T: Element>(bytes: &mut [u8], data_type: DataType, mut value: impl FnMut(u64) -> Option<T>) {
    let lanes = usize::from(data_type.lanes);
    let mut index = 0;
    for row in bytes.chunks_exact_mut(data_type.size()) {
        for component in row.chunks_exact_mut(size_of::<T>()).take(lanes) {
            let value = value(index).expect("the range was checked when the SPEC was read");
            component.copy_from_slice(bytemuck::bytes_of(&value));
            index += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_of(text: &str) -> Vec<u8> {
        let mut contents = Contents::open(&text.parse().unwrap()).unwrap();
        let mut bytes = vec![0; contents.length];
        contents.write_to(&mut bytes).unwrap();
        bytes
    }

    fn floats_of(text: &str) -> Vec<f32> {
        bytes_of(text).chunks_exact(4).map(bytemuck::pod_read_unaligned).collect()
    }

    #[test]
    fn values_fills_and_vectors() {
        assert_eq!(floats_of("float:1, -2.5,3e2"), [1.0, -2.5, 300.0]);
        assert_eq!(floats_of("float[3]:ones"), [1.0; 3]);
        assert_eq!(floats_of("float[2,2]:iota"), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(floats_of("float3:1,2,3,4,5,6"), [1.0, 2.0, 3.0, 0.0, 4.0, 5.0, 6.0, 0.0]);
        assert_eq!(floats_of("float3[2]:iota"), [0.0, 1.0, 2.0, 0.0, 3.0, 4.0, 5.0, 0.0]);
        assert_eq!(bytes_of("bool:true,0"), [1, 0]);
        assert_eq!(bytes_of("uchar[256]:iota").last(), Some(&255));
        assert_eq!(bytes_of("half:1"), half::f16::ONE.to_ne_bytes());
        assert_eq!(bytes_of("bfloat[4]:zeros"), [0; 8]);
    }

    #[test]
    fn random_numbers_depend_on_the_seed_alone() {
        assert_eq!(floats_of("float[9]:rand(1)"), floats_of("float[9]:rand( 1 )"));
        assert_ne!(floats_of("float[9]:rand(1)"), floats_of("float[9]:rand(2)"));
        assert!(floats_of("float[99]:rand(3)").iter().all(|x| (0.0..1.0).contains(x)));
    }

    #[test]
    fn mistakes_are_explained() {
        for (text, parts) in [
            ("", &["neither", "float:1,2.5"][..]),
            ("1,2,3", &["`1,2,3`"]),
            ("data.npz", &["`data.npz`", "x.npy"]),
            ("double:1", &["`double` is no MSL type", "half, bfloat and float"]),
            ("float5:1", &["`float5`"]),
            ("float:", &["`` is no float"]),
            ("float:1,x", &["`x` is no float"]),
            ("float:1e40", &["`1e40`", "3.4e38"]),
            ("half:70000", &["65504"]),
            ("uchar:256", &["0 to 255"]),
            ("int:1.5", &["a whole number"]),
            ("float4:1,2,3", &["4 components", "3 values", "float4:0,0,0,0"]),
            ("float[]:zeros", &["`[]`", "float[1024]"]),
            ("float[0]:zeros", &["`[0]`"]),
            ("float[-1]:zeros", &["`[-1]`"]),
            ("float[4:zeros", &["neither"]),
            ("float[4]:1,2,3,4", &["zeros, ones, iota or rand(SEED)"]),
            ("float[4]:rand", &["rand(SEED)"]),
            ("float[4]:rand(-1)", &["rand(SEED)"]),
            ("uchar[257]:iota", &["reaches 256", "0 to 255", "larger type"]),
            ("bool2[2]:iota", &["reaches 3"]),
            ("float[9999999999,9999999999]:zeros", &["more than fit into memory"]),
            ("ulong4[999999999999999999]:iota", &["more than fit into memory"]),
        ] {
            let message = text.parse::<Spec>().unwrap_err().to_string();
            for part in parts {
                assert!(message.contains(part), "{text:?}: expected {part:?} in {message:?}");
            }
        }
    }

    #[test]
    fn files_are_known_by_their_ending() {
        let file = |data_type, path: &str| Spec::File { data_type, path: path.into() };
        assert_eq!("a/b.npy".parse(), Ok(file(None, "a/b.npy")));
        assert_eq!("C:\\b.NPY".parse(), Ok(file(None, "C:\\b.NPY")));
        assert_eq!("float3:b.npy".parse(), Ok(file(DataType::parse("float3"), "b.npy")));
    }

    #[test]
    fn files_are_read_and_checked() {
        use metal_bridge::ScalarType;
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name).display().to_string();
        let write = |name: &str, shape: &[usize], data: &[u8]| {
            let mut file = File::create(path(name)).unwrap();
            Header::new(ScalarType::Short, shape).write(&mut file).unwrap();
            std::io::Write::write_all(&mut file, data).unwrap();
        };
        write("rows.npy", &[2, 3], &[1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0]);
        write("short.npy", &[1000, 1000], &[1, 0]);
        assert_eq!(bytes_of(&path("rows.npy")), [1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0]);
        assert_eq!(
            bytes_of(&format!("short3:{}", path("rows.npy"))),
            [1, 0, 2, 0, 3, 0, 0, 0, 4, 0, 5, 0, 6, 0, 0, 0]
        );
        for (spec, part) in [
            (path("short.npy"), "ends before its 2000000 bytes"),
            (path("none.npy"), "none.npy: "),
            (format!("float:{}", path("rows.npy")), "holds short, but float was asked for"),
            (format!("short2:{}", path("rows.npy")), "[2, 3]; for short2 its last axis must have 2"),
        ] {
            let message = Contents::open(&spec.parse().unwrap()).unwrap_err().to_string();
            assert!(message.contains(part), "expected {part:?} in {message:?}");
        }
    }

    #[test]
    fn big_endian_files_are_turned_around() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("big.npy");
        let header = "{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }";
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend([1, 2, 3, 4]);
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(bytes_of(path.to_str().unwrap()), [2, 1, 4, 3]);
    }

    /// Any text gives contents that can be written, or an error.
    #[test]
    fn hostile_text_does_no_harm() {
        let parts = [
            "float",
            "uchar3",
            "bool",
            "half4",
            "[",
            "]",
            ":",
            ",",
            "0",
            "1",
            "7",
            "-",
            "0x",
            "1e99",
            "nan",
            "zeros",
            "ones",
            "iota",
            "rand(",
            ")",
            "99999999999",
            "\u{e9}",
            " ",
            ".npy",
        ];
        let mut random = Random::new(2);
        let mut written = 0;
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..random.next() % 9 {
                text += parts[(random.next() % parts.len() as u64) as usize];
            }
            let Ok(spec) = text.parse::<Spec>() else { continue };
            if let Ok(mut contents) = Contents::open(&spec)
                && contents.length < 1 << 20
            {
                contents.write_to(&mut vec![0; contents.length]).unwrap();
                written += 1;
            }
        }
        assert!(written > 0, "no text was a SPEC");
    }
}
