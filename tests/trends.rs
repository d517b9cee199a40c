//! Claims over seeds: the test, the correction, the verdicts, and the document of what was measured.

#[path = "trends/correction.rs"]
mod correction;
#[path = "trends/document.rs"]
mod document;
#[path = "trends/level.rs"]
mod level;
#[path = "trends/planted.rs"]
mod planted;
#[path = "trends/study.rs"]
mod study;
