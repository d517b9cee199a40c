//! Text broken into lines that fit a terminal.

/// The most characters in a line.
pub const WIDTH: usize = 118;

/// `head` and the words of `text` after it, continued under the first word when a line is full. A word
/// longer than a line stands alone.
///
/// ```
/// use unlearn::report::paragraph::{WIDTH, paragraph};
/// let text = paragraph("  why: ", &"word ".repeat(40));
/// assert!(text.lines().count() == 2 && text.lines().all(|l| l.len() <= WIDTH));
/// assert!(text.lines().nth(1).unwrap().starts_with("       word"));
/// ```
pub fn paragraph(head: &str, text: &str) -> String {
    let indent = head.chars().count();
    let mut out = String::new();
    let mut line = head.to_owned();
    let mut length = indent;
    for word in text.split_whitespace() {
        let space = usize::from(length > indent);
        let width = word.chars().count();
        if space == 1 && length + 1 + width > WIDTH {
            out.push_str(line.trim_end());
            out.push('\n');
            line = " ".repeat(indent);
            length = indent;
        } else if space == 1 {
            line.push(' ');
            length += 1;
        }
        line.push_str(word);
        length += width;
    }
    out.push_str(line.trim_end());
    out.push('\n');
    out
}
