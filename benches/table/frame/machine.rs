//! What the numbers were measured on.

use std::fs;
use unlearn::numeric::gram::Kernel;

/// Processor, cores, load, compiler and kernel, as lines of Markdown.
pub(crate) fn describe(limit: f64) -> Vec<String> {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = cpu.lines().find(|l| l.starts_with(name))?;
        line.split(':').nth(1).map(|v| v.trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let family = match (field("cpu family"), field("model\t")) {
        (Some(family), Some(model)) => format!(" (family {family}, model {model})"),
        _ => String::new(),
    };
    vec![
        format!(
            "Machine: {}{family}, {cores} cores; kernel `{}`.",
            field("model name").unwrap_or_else(|| std::env::consts::ARCH.into()),
            Kernel::best().name()
        ),
        format!(
            "Limit of one core at the start: {:.1} Gflop/s of fused multiply-adds in registers.",
            limit / 1e9
        ),
        format!("Compiler: {}, default target, release profile.", compiler()),
        format!("Load average at the start: {}.", load().unwrap_or_else(|| "unknown".into())),
    ]
}

/// One, five and fifteen minutes.
pub(crate) fn load() -> Option<String> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    Some(text.split_whitespace().take(3).collect::<Vec<_>>().join(", "))
}

/// `rustc` and its version, as it names itself.
pub(crate) fn compiler() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    std::process::Command::new(rustc)
        .arg("--version")
        .output()
        .ok()
        .filter(|o| o.status.success())
        .map_or_else(|| "rustc".into(), |o| String::from_utf8_lossy(&o.stdout).trim().to_owned())
}
