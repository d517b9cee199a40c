//! Reading a certificate from anywhere: every departure from the format is an error with its place, nothing is
//! allocated that the limits do not bound.

use super::write::{HEADER, digest, kind};
use super::{Certificate, MOST_ACTIVE, MOST_BYTES, MOST_COUNTED, MOST_ROWS, Runs, number};
use crate::data::read::quote;
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::objective::Reduction;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Reads a certificate; whether its claim is true is for [`Certificate::verify`] to say.
///
/// # Errors
/// [`Error::File`] when the file cannot be read, is too large or does not have the digest it states,
/// [`Error::Parse`] with line and field for everything else.
pub fn read(path: impl AsRef<Path>) -> Result<Certificate> {
    let path = path.as_ref();
    let name = path.display().to_string();
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|e| Error::File { file: name.clone(), message: format!("cannot be read: {e}") })?;
    parse(&name, &bytes)
}

/// Reads a certificate from the bytes of a file; `name` is for error messages.
///
/// ```
/// use unlearn::certificate::parse;
/// let error = parse("mine", b"unlearn-certificate 1\n").unwrap_err();
/// assert_eq!(error.to_string(), "mine: the last line is not 'sha256' and a digest; the file was cut");
/// ```
///
/// # Errors
/// As [`read`].
pub fn parse(name: &str, bytes: &[u8]) -> Result<Certificate> {
    let refuse = |message: String| Err(Error::File { file: name.to_owned(), message });
    if bytes.len() > MOST_BYTES {
        return refuse(format!("it is larger than {MOST_BYTES} bytes"));
    }
    if let Some(at) = bytes.iter().position(|b| !matches!(b, b'\n' | b' '..=b'~')) {
        let line = 1 + bytes[..at].iter().filter(|b| **b == b'\n').count();
        let start = bytes[..at].iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
        let column = 1 + bytes[start..at].iter().filter(|b| **b == b' ').count();
        let message = format!("the byte {:#04x} is neither printable ASCII nor a line end", bytes[at]);
        return Err(Error::Parse { file: name.to_owned(), line, column, message });
    }
    let text = std::str::from_utf8(bytes).expect("ASCII is UTF-8");
    let Some(body) = text.strip_suffix('\n') else { return refuse("the last line does not end".into()) };
    let body_end = body.rfind('\n').map_or(0, |i| i + 1);
    let Some(stated) = body[body_end..].strip_prefix("sha256 ") else {
        return refuse("the last line is not 'sha256' and a digest; the file was cut".into());
    };
    let found = digest(&bytes[..body_end]);
    if stated != found {
        return refuse(format!("its digest is {found}, not the one it states: something was altered or cut"));
    }
    Lines { name, rest: &text[..body_end], line: 0, fields: Vec::new() }.certificate()
}

/// The lines still to be read, and the one being read.
struct Lines<'a> {
    name: &'a str,
    rest: &'a str,
    line: usize,
    /// Of the present line, without its keyword.
    fields: Vec<&'a str>,
}

impl<'a> Lines<'a> {
    fn certificate(mut self) -> Result<Certificate> {
        let (word, version) = HEADER.split_once(' ').expect("two words");
        let loss =
            |word: &str| Loss::ALL.into_iter().filter(|l| *l != Loss::Softmax).find(|l| kind(*l) == word);
        self.next(word, 1)?;
        if self.fields[0] != version {
            return self.wrong(
                1,
                format!("version {} of the format is not known; this reads {version}", quote(self.fields[0])),
            );
        }
        self.next("kind", 1)?;
        let Some(loss) = loss(self.fields[0]) else {
            return self.wrong(1, "the kind must be ridge or logistic");
        };
        self.next("reduction", 1)?;
        let reduction = match self.fields[0] {
            "mean" => Reduction::Mean,
            "sum" => Reduction::Sum,
            _ => return self.wrong(1, "the reduction must be mean or sum"),
        };
        let rows = self.count("rows")?;
        let forgotten = self.runs("forgotten", rows)?;
        let kept = self.count("kept")?;
        if kept.checked_add(forgotten.count()) != Some(rows) {
            return self
                .wrong(1, format!("{kept} kept and {} forgotten are not {rows} rows", forgotten.count()));
        }
        if kept == 0 || kept > MOST_ROWS {
            return self.wrong(1, format!("1 to {MOST_ROWS} rows can be kept"));
        }
        let parameters = self.count("parameters")?;
        let active = self.runs("active", parameters)?;
        let k = active.count();
        if k == 0 || k > MOST_ACTIVE {
            return self.wrong(1, format!("1 to {MOST_ACTIVE} parameters can be active"));
        }
        let ridge = self.magnitude("lambda")?;
        self.moderate(&[ridge])?;
        let theta = self.numbers("theta", k)?;
        self.moderate(&theta)?;
        let reference = self.numbers("reference", k)?;
        self.moderate(&reference)?;
        let radius = self.magnitude("radius")?;
        let lo = self.magnitude("lo")?;
        let hi = self.magnitude("hi")?;
        if lo > hi {
            return self.wrong(1, "hi is below lo");
        }
        self.next("data-sha256", 1)?;
        if self.fields[0] != digest(self.rest.as_bytes()) {
            return self.wrong(1, "it is not the digest of the row lines");
        }
        let (mut design, mut target) = (Vec::new(), Vec::new());
        for _ in 0..kept {
            let mut row = self.numbers("row", k + 1)?;
            self.moderate(&row)?;
            let y = row.pop().expect("a row has k + 1 numbers");
            if loss == Loss::Logistic && y != 0.0 && y != 1.0 {
                return self.wrong(k + 1, "a logistic target is 0 or 1");
            }
            design.extend(row);
            target.push(y);
        }
        if !self.rest.is_empty() {
            self.line += 1;
            return self.wrong(0, format!("after {kept} rows only the line sha256 may follow"));
        }
        Ok(Certificate {
            loss,
            reduction,
            forgotten,
            active,
            ridge,
            theta,
            reference,
            radius,
            lo,
            hi,
            design,
            target,
        })
    }

    /// An error at a field of the present line; field 0 is the keyword.
    fn wrong<T>(&self, field: usize, message: impl Into<String>) -> Result<T> {
        Err(Error::Parse {
            file: self.name.to_owned(),
            line: self.line,
            column: field + 1,
            message: message.into(),
        })
    }

    /// Goes on to the next line, which must be `keyword` and `values` fields.
    fn next(&mut self, keyword: &str, values: usize) -> Result<()> {
        self.begin(keyword)?;
        if self.fields.len() != values {
            let found = self.fields.len();
            // The first one too many, or the last one before those missing.
            let field = found.min(values + 1);
            return self.wrong(field, format!("{keyword} takes {values} numbers or words, not {found}"));
        }
        Ok(())
    }

    fn begin(&mut self, keyword: &str) -> Result<()> {
        self.line += 1;
        let (line, rest) = self.rest.split_once('\n').unwrap_or(("", ""));
        self.rest = rest;
        let mut fields = line.split(' ');
        if fields.next() != Some(keyword) {
            return self.wrong(0, format!("expected {keyword}, found {}", quote(line)));
        }
        self.fields = fields.collect();
        match self.fields.iter().position(|f| f.is_empty()) {
            Some(i) => self.wrong(i + 1, "fields are separated by one space, and none is empty"),
            None => Ok(()),
        }
    }

    /// A whole number without leading zeros.
    fn whole(&self, field: usize, word: &str) -> Result<usize> {
        let plain = word.bytes().all(|b| b.is_ascii_digit()) && (word == "0" || !word.starts_with('0'));
        match word.parse() {
            Ok(n) if plain && n < MOST_COUNTED => Ok(n),
            _ => self.wrong(
                field,
                format!("{} is not a whole number below {MOST_COUNTED} without leading zeros", quote(word)),
            ),
        }
    }

    fn count(&mut self, keyword: &str) -> Result<usize> {
        self.next(keyword, 1)?;
        self.whole(1, self.fields[0])
    }

    /// How many, then runs such as `7` or `7-9`.
    fn runs(&mut self, keyword: &str, total: usize) -> Result<Runs> {
        self.begin(keyword)?;
        let Some(stated) = self.fields.first() else {
            return self.wrong(0, format!("{keyword} needs a number"));
        };
        let stated = self.whole(1, stated)?;
        let mut runs = Runs::none(total);
        for (i, field) in self.fields.iter().enumerate().skip(1) {
            let (first, last) = match field.split_once('-') {
                Some((first, last)) => (self.whole(i + 1, first)?, self.whole(i + 1, last)?),
                None => (self.whole(i + 1, field)?, self.whole(i + 1, field)?),
            };
            if field.contains('-') && first >= last {
                return self.wrong(i + 1, "a run must go upwards");
            }
            if let Err(why) = runs.push(first, last) {
                return self.wrong(i + 1, why);
            }
        }
        if runs.count() != stated {
            return self.wrong(1, format!("{stated} are announced, {} listed", runs.count()));
        }
        Ok(runs)
    }

    fn numbers(&mut self, keyword: &str, values: usize) -> Result<Vec<f64>> {
        self.next(keyword, values)?;
        let parsed = self.fields.iter().enumerate();
        parsed.map(|(i, field)| number::parse(field).or_else(|why| self.wrong(i + 1, why))).collect()
    }

    /// The numbers of the present line must be quick to calculate with.
    fn moderate(&self, values: &[f64]) -> Result<()> {
        match values.iter().position(|v| !number::is_moderate(*v)) {
            Some(i) => self.wrong(i + 1, "the number is not a multiple of 2^-352 below 2^300"),
            None => Ok(()),
        }
    }

    /// One number that is not negative.
    fn magnitude(&mut self, keyword: &str) -> Result<f64> {
        let value = self.numbers(keyword, 1)?[0];
        if value < 0.0 { self.wrong(1, format!("{keyword} is negative")) } else { Ok(value) }
    }
}
