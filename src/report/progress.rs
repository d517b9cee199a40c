//! A progress bar on a terminal; nothing anywhere else.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;

/// A bar on standard error, or nothing.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar over `total` steps. It is drawn only when `wanted` and both standard streams are
    /// terminals: drawing beside a pager or into a log would spoil what is read there.
    pub fn new(total: usize, wanted: bool) -> Progress {
        let terminal = std::io::stdout().is_terminal() && std::io::stderr().is_terminal();
        let target =
            if wanted && terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(total as u64), target);
        let style = ProgressStyle::with_template("{bar:24} {percent:>3}%  about {eta} left  {msg}")
            .expect("the template is well formed");
        bar.set_style(style.progress_chars("=> "));
        if !bar.is_hidden() {
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        Progress { bar }
    }

    /// One step done; `what` is shown beside the bar.
    pub fn step(&self, what: &'static str) {
        self.bar.set_message(what);
        self.bar.inc(1);
    }
}

impl Drop for Progress {
    /// Takes the bar off the screen, so that what is printed next stands alone.
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
