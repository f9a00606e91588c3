//! Showing and saving what a buffer holds.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use metal_bridge::DataType;
use metal_bridge::npy::{Header, NpyError};

use super::element::{Element, with_element_type};

/// Elements of a row, and rows, that are shown at most; of more, the first and the last half.
const SHOWN: usize = 64;

/// A buffer's bytes, seen as elements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    pub(crate) data_type: DataType,
    /// Extents in elements.
    pub(crate) shape: &'a [usize],
    /// At least as many as type and shape need.
    pub(crate) bytes: &'a [u8],
}

impl View<'_> {
    /// Writes the elements as text: `float[4]: 1, 2, 3, 4`. Several axes give several lines.
    pub(crate) fn show(&self, out: &mut impl Write) -> io::Result<()> {
        let extents: Vec<String> = self.shape.iter().map(ToString::to_string).collect();
        write!(out, "{}[{}]:", self.data_type, extents.join(","))?;
        let row_length = self.shape.last().copied().unwrap_or(1).max(1);
        let rows: Vec<&[u8]> = self.bytes().chunks_exact(row_length * self.data_type.size()).collect();
        if let [row] = rows.as_slice() {
            write!(out, " ")?;
            return self.show_row(row, out);
        }
        writeln!(out)?;
        for row in shown(rows.len()) {
            match row {
                Some(row) => {
                    write!(out, "  ")?;
                    self.show_row(rows[row], out)?;
                }
                None => writeln!(out, "  …")?,
            }
        }
        Ok(())
    }

    fn show_row(&self, row: &[u8], out: &mut impl Write) -> io::Result<()> {
        let size = self.data_type.size();
        for (i, element) in shown(row.len() / size).enumerate() {
            if i > 0 {
                write!(out, ", ")?;
            }
            match element {
                Some(element) => self.show_element(&row[element * size..][..size], out)?,
                None => write!(out, "…")?,
            }
        }
        writeln!(out)
    }

    fn show_element(&self, element: &[u8], out: &mut impl Write) -> io::Result<()> {
        let components: Vec<String> = with_element_type!(self.data_type.scalar, T => {
            let components = element.chunks_exact(size_of::<T>()).take(usize::from(self.data_type.lanes));
            components.map(|bytes| bytemuck::pod_read_unaligned::<T>(bytes).show()).collect()
        });
        match components.as_slice() {
            [one] => write!(out, "{one}"),
            several => write!(out, "({})", several.join(" ")),
        }
    }

    /// Writes a `.npy` file. The components of a vector are one more axis.
    pub(crate) fn save(&self, path: &Path) -> Result<(), NpyError> {
        let mut file = BufWriter::new(File::create(path)?);
        let mut shape = self.shape.to_vec();
        let lanes = usize::from(self.data_type.lanes);
        if lanes > 1 {
            shape.push(lanes);
        }
        let scalar = self.data_type.scalar;
        Header::new(scalar, &shape).write(&mut file)?;
        for element in self.bytes().chunks_exact(self.data_type.size()) {
            file.write_all(&element[..lanes * scalar.size()])?;
        }
        file.flush()?;
        Ok(())
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.shape.iter().product::<usize>() * self.data_type.size()]
    }
}

/// The indices to show of `count`, with `None` where some are left out.
fn shown(count: usize) -> impl Iterator<Item = Option<usize>> {
    let (first, last) = if count <= SHOWN { (count, count) } else { (SHOWN / 2, count - SHOWN / 2) };
    (0..first).map(Some).chain((first < last).then_some(None)).chain((last..count).map(Some))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(data_type: &str, shape: &[usize], bytes: &[u8]) -> String {
        let mut out = Vec::new();
        View { data_type: DataType::parse(data_type).unwrap(), shape, bytes }.show(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn one_line_for_one_axis() {
        assert_eq!(text("char", &[3], &[1, 0xff, 3]), "char[3]: 1, -1, 3\n");
        assert_eq!(text("bool", &[2], &[0, 7]), "bool[2]: false, true\n");
        assert_eq!(text("char3", &[2], &[1, 2, 3, 0, 4, 5, 6, 0]), "char3[2]: (1 2 3), (4 5 6)\n");
        assert_eq!(text("float", &[2], bytemuck::bytes_of(&[0.1f32, f32::NAN])), "float[2]: 0.1, NaN\n");
    }

    #[test]
    fn a_line_for_each_row() {
        assert_eq!(text("uchar", &[2, 2], &[1, 2, 3, 4]), "uchar[2,2]:\n  1, 2\n  3, 4\n");
        assert_eq!(text("uchar", &[1, 2], &[1, 2]), "uchar[1,2]: 1, 2\n");
    }

    #[test]
    fn long_rows_are_shortened_in_the_middle() {
        let bytes: Vec<u8> = (0..100).collect();
        let text = text("uchar", &[100], &bytes);
        assert!(text.starts_with("uchar[100]: 0, 1, ") && text.ends_with("98, 99\n"), "{text}");
        assert!(text.contains("31, …, 68"), "{text}");
        assert_eq!(shown(SHOWN).count(), SHOWN);
        assert!(shown(SHOWN).all(|i| i.is_some()));
    }

    #[test]
    fn nothing_is_shown_of_no_elements() {
        assert_eq!(text("float", &[0], &[]), "float[0]:\n");
    }

    #[test]
    fn saved_vectors_have_one_more_axis_and_no_padding() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("v.npy");
        let bytes = [1, 2, 3, 0, 4, 5, 6, 0];
        View { data_type: DataType::parse("uchar3").unwrap(), shape: &[2], bytes: &bytes }
            .save(&path)
            .unwrap();
        let saved = std::fs::read(&path).unwrap();
        assert_eq!(&saved[saved.len() - 6..], [1, 2, 3, 4, 5, 6]);
        assert_eq!(Header::read(saved.as_slice()).unwrap().shape(), [2, 3]);
    }
}
