//! The file of a study: a header line with the configuration, then one record per line in the order of the grid,
//! appended as they come. A study that was interrupted goes on where its file ends.

use super::record::{Cell, Record};
use crate::error::{Error, Result};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// An open file and what it held already.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
}

impl Journal {
    /// Opens `path`, creating it with the header when it does not exist or holds nothing but an incomplete header.
    /// A last line without its end is cut off: whatever wrote it did not finish.
    ///
    /// # Errors
    /// [`Error::File`] when the file cannot be read or written, holds something else, another configuration or
    /// records that do not follow the grid. It is left as it was then.
    pub fn open(path: &Path, header: &str, grid: &[Cell]) -> Result<(Journal, Vec<Record>)> {
        let refuse = |message: String| Error::File { file: path.display().to_string(), message };
        let text = match std::fs::read(path) {
            Ok(bytes) => String::from_utf8(bytes).map_err(|_| refuse(format!("not text; {ELSEWHERE}")))?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(e) => return Err(refuse(format!("cannot be read: {e}"))),
        };
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let mut lines = text[..whole].lines();
        let mut records = Vec::new();
        match lines.next() {
            None if !header.starts_with(&text) => {
                return Err(refuse(format!("its first line is not that of a study; {ELSEWHERE}")));
            }
            None => {}
            Some(first) => {
                if first != header {
                    return Err(refuse(difference(first, header)));
                }
                for (n, line) in lines.enumerate() {
                    let what = |why: String| refuse(format!("line {}: {why}; {ELSEWHERE}", n + 2));
                    let record: Record = serde_json::from_str(line).map_err(|e| what(e.to_string()))?;
                    match grid.get(n) {
                        Some(cell) if record.is(cell) => records.push(record),
                        _ => {
                            return Err(what(format!("{} is not the next cell of the study", record.method)));
                        }
                    }
                }
            }
        }
        let cannot = |e: std::io::Error| refuse(format!("cannot be written: {e}"));
        // Not `truncate`: the whole lines stay.
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(cannot)?;
        file.set_len(whole as u64).map_err(cannot)?;
        let mut file = File::options().append(true).open(path).map_err(cannot)?;
        if whole == 0 {
            file.write_all(format!("{header}\n").as_bytes()).map_err(cannot)?;
        }
        Ok((Journal { file, path: path.to_owned() }, records))
    }

    /// Appends records.
    ///
    /// # Errors
    /// [`Error::File`] when the system refuses.
    pub fn append(&mut self, records: &[Record]) -> Result<()> {
        let lines: String = records.iter().map(Record::line).collect();
        self.file.write_all(lines.as_bytes()).map_err(|e| Error::File {
            file: self.path.display().to_string(),
            message: format!("cannot be written: {e}"),
        })
    }
}

const ELSEWHERE: &str = "name another file, or delete this one";

/// What differs between two header lines.
fn difference(found: &str, wanted: &str) -> String {
    let parse = |text| serde_json::from_str::<serde_json::Value>(text).ok();
    let (Some(found), Some(wanted)) = (parse(found).filter(|v| v.get("study").is_some()), parse(wanted))
    else {
        return format!("its first line is not that of a study; {ELSEWHERE}");
    };
    let (a, b) = (&found["study"], &wanted["study"]);
    let key = b
        .as_object()
        .and_then(|o| o.iter().find(|(k, v)| a.get(k) != Some(v)).map(|(k, v)| (k.clone(), v.clone())));
    match key {
        Some((key, value)) => format!(
            "it belongs to another study: {key} is {} there and {value} here; {ELSEWHERE}",
            a.get(&key).unwrap_or(&serde_json::Value::Null)
        ),
        None => format!("it was written with other settings of the methods or another version; {ELSEWHERE}"),
    }
}
