//! Peak memory of one call above what was there before it (Linux; elsewhere `None`).

use std::fs;

/// `field` of `/proc/<pid>/status` in bytes.
pub(crate) fn status(process: &str, field: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = text.lines().find(|l| l.starts_with(field))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
}

/// How far the resident memory rises while `call` runs.
pub(crate) fn peak_of<R>(call: impl FnOnce() -> R) -> (R, Option<u64>) {
    // 5 resets the high-water mark (proc(5)).
    let reset = fs::write("/proc/self/clear_refs", "5").ok();
    let before = reset.and_then(|()| status("self", "VmRSS"));
    let result = call();
    let peak = before.and_then(|b| status("self", "VmHWM").map(|high| high.saturating_sub(b)));
    (result, peak)
}
