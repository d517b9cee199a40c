//! Where results go: standard output, files, JSON. A closed pipe ends the output, not the program.

use serde_json::Value;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use unlearn::error::{Error, Result};

/// Options about output and running, the same for every command.
#[derive(clap::Args, Debug, Clone)]
#[group(skip)]
pub(super) struct Options {
    /// Seed of everything random
    #[arg(long, value_name = "S", default_value_t = 1, allow_negative_numbers = true)]
    pub(super) seed: u64,
    /// Threads [default: as many as the machine has; results do not depend on it]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(super) jobs: Option<usize>,
    /// Write the result as JSON to a file, or to standard output for '-'
    #[arg(long, value_name = "FILE|-")]
    pub(super) json: Option<PathBuf>,
    /// Put measured times into the JSON (they differ from run to run; otherwise they are null)
    #[arg(long)]
    pub(super) timings: bool,
    /// No progress bar and no explanations; train and remove then only write files and --json
    #[arg(long)]
    pub(super) quiet: bool,
}

impl Options {
    /// The number of threads.
    pub(super) fn threads(&self) -> Result<usize> {
        match self.jobs {
            Some(0) => Err(Error::Invalid("--jobs 0: at least one thread is needed".into())),
            Some(n) => Ok(n),
            None => Ok(std::thread::available_parallelism().map_or(1, usize::from)),
        }
    }

    /// Checks the number of threads and opens the JSON output, before any work is done.
    ///
    /// `outputs` are the files that the command writes besides; JSON must not go into one of them.
    pub(super) fn open(&self, outputs: &[&Option<PathBuf>]) -> Result<Json> {
        // Kernels share the threads with whatever else runs side by side.
        unlearn::numeric::threads::allow(self.threads()?);
        if let Some(path) =
            self.json.as_ref().filter(|json| outputs.iter().any(|o| o.as_ref() == Some(*json)))
        {
            let path = path.display();
            return Err(Error::Invalid(format!(
                "{path} is named for --json and for another output; use two files"
            )));
        }
        match &self.json {
            None => Ok(Json::None),
            Some(path) if path.as_os_str() == "-" => Ok(Json::Standard),
            Some(path) => match File::create(path) {
                Ok(file) => Ok(Json::File(file, path.clone())),
                Err(e) => Err(cannot(path, &e)),
            },
        }
    }
}

/// Makes a folder for output before any work is done.
pub(super) fn make_folder(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|e| Error::File {
        file: folder.display().to_string(),
        message: format!("the folder cannot be made: {e}"),
    })
}

/// Where JSON goes.
pub(super) enum Json {
    /// Nowhere.
    None,
    /// To standard output, which then carries nothing else.
    Standard,
    /// To a file.
    File(File, PathBuf),
}

impl Json {
    /// Is there something else to print on standard output?
    pub(super) fn leaves_standard_output(&self) -> bool {
        !matches!(self, Json::Standard)
    }

    /// Writes finished lines.
    pub(super) fn write(&mut self, lines: &str) -> Result<()> {
        match self {
            Json::None => Ok(()),
            Json::Standard => print(lines),
            Json::File(file, path) => file.write_all(lines.as_bytes()).map_err(|e| cannot(path, &e)),
        }
    }

    /// Writes one object on one line; it is only made when it is wanted.
    pub(super) fn object(&mut self, value: impl FnOnce() -> Value) -> Result<()> {
        match self {
            Json::None => Ok(()),
            _ => self.write(&format!("{}\n", value())),
        }
    }
}

/// Writes to standard output. A reader that has gone away (`| head`) is not an error.
pub(super) fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => Err(cannot(Path::new("standard output"), &e)),
        _ => Ok(()),
    }
}

/// Writes one line to standard error.
pub(super) fn complain(message: &str) {
    // There is nobody left to tell when this fails.
    let _ = writeln!(std::io::stderr(), "unlearn: {}", message.replace('\n', " "));
}

/// Checks, before any work is done, that a result can be written to `path` in one of the formats.
pub(super) fn check_target(path: &Path, formats: &[&str]) -> Result<()> {
    let refuse = |message: String| Err(Error::File { file: path.display().to_string(), message });
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("").to_ascii_lowercase();
    if !formats.contains(&extension.as_str()) {
        return refuse(format!("the name must end in .{}", formats.join(", .")));
    }
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return refuse(format!("there is no folder {}", folder.display()));
    }
    if path.is_dir() {
        return refuse("it is a folder; name a file".into());
    }
    Ok(())
}

/// A file that the system refuses.
fn cannot(path: &Path, error: &std::io::Error) -> Error {
    Error::File { file: path.display().to_string(), message: format!("cannot be written: {error}") }
}
