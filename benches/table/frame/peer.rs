//! Peers: Python processes that live as long as the bench and answer one JSON line with another
//! (`benches/peers/serve.py` says what).

use super::measure::Side;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::rc::Rc;

/// How a peer's call was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The best formulation known, its parameters tried out on this machine.
    Tuned,
    /// What most people write.
    Default,
}

/// One call of one peer.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    /// `numpy`, `torch` or `jax`.
    pub(crate) peer: &'static str,
    /// The function in `benches/peers/<peer>_jobs.py`.
    pub(crate) function: &'static str,
    /// Tuned or default.
    pub(crate) role: Role,
    /// Its arguments.
    pub(crate) arguments: Value,
    /// So slow that it is called once, without warming up.
    pub(crate) once: bool,
}

struct Process {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Process {
    fn start(python: &Path, name: &str, threads: usize) -> Result<(Process, String), String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/serve.py");
        let mut child = Command::new(python)
            .arg(script)
            .args([name, &threads.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("{}: {e}", python.display()))?;
        let (to, from) = (child.stdin.take(), child.stdout.take());
        let (Some(to), Some(from)) = (to, from) else { return Err("no pipe to the peer".into()) };
        let mut process = Process { child, to, from: BufReader::new(from) };
        let hello = process.read()?;
        match (&hello["versions"], &hello["absent"]) {
            (Value::String(versions), _) => Ok((process, versions.clone())),
            (_, Value::String(reason)) => Err(reason.clone()),
            _ => Err(format!("the peer answered {hello}")),
        }
    }

    fn read(&mut self) -> Result<Value, String> {
        let mut line = String::new();
        match self.from.read_line(&mut line) {
            Ok(0) => Err("the peer ended".into()),
            Ok(_) => serde_json::from_str(&line).map_err(|e| format!("the peer answered {line:?}: {e}")),
            Err(e) => Err(e.to_string()),
        }
    }

    fn ask(&mut self, request: &Value) -> Result<Value, String> {
        writeln!(self.to, "{request}").and_then(|()| self.to.flush()).map_err(|e| e.to_string())?;
        let answer = self.read()?;
        match &answer["error"] {
            Value::String(text) => Err(text.clone()),
            _ => Ok(answer),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process, or why there is none.
type Slot = Result<Rc<RefCell<Process>>, String>;

/// The processes that run; each is started when first asked for.
pub(crate) struct Peers {
    /// The interpreter.
    pub(crate) python: Option<PathBuf>,
    running: BTreeMap<(&'static str, usize), Slot>,
    /// What answered, by name.
    pub(crate) versions: BTreeMap<&'static str, String>,
    /// What did not, and why.
    pub(crate) absent: BTreeMap<&'static str, String>,
}

impl Peers {
    /// Peers under this interpreter, or none.
    pub(crate) fn new(python: Option<PathBuf>) -> Peers {
        Peers { python, running: BTreeMap::new(), versions: BTreeMap::new(), absent: BTreeMap::new() }
    }

    fn process(&mut self, name: &'static str, threads: usize) -> Slot {
        if let Some(slot) = self.running.get(&(name, threads)) {
            return slot.clone();
        }
        let started = match &self.python {
            None => Err("no Python was named".into()),
            Some(python) => Process::start(python, name, threads),
        };
        let slot = match started {
            Ok((process, versions)) => {
                self.versions.insert(name, versions);
                Ok(Rc::new(RefCell::new(process)))
            }
            Err(reason) => {
                eprintln!("skipped: peer {name}: {reason}");
                self.absent.insert(name, reason.clone());
                Err(reason)
            }
        };
        self.running.insert((name, threads), slot.clone());
        slot
    }

    /// Prepares the job in its process.
    pub(crate) fn prepare(&mut self, job: &Job, threads: usize) -> Result<Prepared, String> {
        let process = self.process(job.peer, threads)?;
        let request = json!({"prepare": job.function, "arguments": job.arguments});
        let answer = process.borrow_mut().ask(&request)?;
        let number = answer["job"].as_u64().ok_or_else(|| format!("the peer answered {answer}"))?;
        let note = answer["note"].as_str().unwrap_or(job.function).to_owned();
        Ok(Prepared { process, number, note, peak: None })
    }
}

/// A job that can be timed.
pub(crate) struct Prepared {
    process: Rc<RefCell<Process>>,
    number: u64,
    /// What the peer calls it, tuned parameters included.
    pub(crate) note: String,
    /// Peak memory of the first call above what was there.
    pub(crate) peak: Option<u64>,
}

impl Prepared {
    fn ask(&self, request: &Value) -> Result<Value, String> {
        self.process.borrow_mut().ask(request)
    }

    /// The result of the last call, in row order.
    pub(crate) fn result(&self, path: &Path) -> Result<Vec<f64>, String> {
        self.ask(&json!({"result": self.number, "path": path}))?;
        let array = unlearn::data::read::npy::read(path).map_err(|e| e.to_string())?;
        Ok(array.into_values())
    }
}

impl Side for Prepared {
    fn time(&mut self, repetitions: usize) -> Result<f64, String> {
        let answer = self.ask(&json!({"time": self.number, "repetitions": repetitions}))?;
        self.peak = answer["bytes"].as_u64();
        answer["seconds"].as_f64().ok_or_else(|| format!("the peer answered {answer}"))
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        // The process may have ended.
        let _ = self.ask(&json!({"drop": self.number}));
    }
}
