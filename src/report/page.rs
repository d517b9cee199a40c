//! One self-contained HTML page: text, tables and figures; no script, nothing loaded from elsewhere.

use crate::error::{Error, Result};
use std::path::Path;

/// A page under construction.
#[derive(Debug, Clone)]
pub struct Page {
    title: String,
    body: String,
}

const STYLE: &str = "body{font:16px/1.5 Georgia,serif;max-width:64em;margin:2em auto;padding:0 1em;color:#111;background:#fff}\
h1,h2{line-height:1.2}table{border-collapse:collapse;font:13px/1.4 sans-serif;margin:1em 0}\
td,th{padding:.15em .7em;text-align:right;border-bottom:1px solid #ddd;white-space:nowrap}\
td:first-child,th:first-child{text-align:left}thead th{border-bottom:2px solid #111}\
figure{margin:1.5em 0}figcaption{font-size:14px;max-width:56em}pre{overflow-x:auto;font-size:13px}\
.wide{overflow-x:auto}svg{max-width:100%;height:auto}";

/// Text as it must stand in HTML.
///
/// ```
/// assert_eq!(unlearn::report::page::escape("a < b & \"c\""), "a &lt; b &amp; &quot;c&quot;");
/// ```
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

impl Page {
    /// An empty page.
    pub fn new(title: &str) -> Page {
        Page { title: title.to_owned(), body: format!("<h1>{}</h1>\n", escape(title)) }
    }

    /// A heading.
    pub fn heading(&mut self, text: &str) {
        self.body += &format!("<h2>{}</h2>\n", escape(text));
    }

    /// A paragraph.
    pub fn paragraph(&mut self, text: &str) {
        self.body += &format!("<p>{}</p>\n", escape(text));
    }

    /// Text whose line breaks and blanks count.
    pub fn preformatted(&mut self, text: &str) {
        self.body += &format!("<pre>{}</pre>\n", escape(text));
    }

    /// A figure with what it shows.
    pub fn figure(&mut self, svg: &str, caption: &str) {
        self.body += &format!("<figure>{svg}<figcaption>{}</figcaption></figure>\n", escape(caption));
    }

    /// A table; the first column is the name of the row.
    pub fn table(&mut self, heads: &[String], rows: &[Vec<String>]) {
        let line = |tag: &str, cells: &[String]| {
            let cells: String = cells.iter().map(|c| format!("<{tag}>{}</{tag}>", escape(c))).collect();
            format!("<tr>{cells}</tr>\n")
        };
        let rows: String = rows.iter().map(|r| line("td", r)).collect();
        self.body += &format!(
            "<div class=\"wide\"><table><thead>{}</thead><tbody>\n{rows}</tbody></table></div>\n",
            line("th", heads)
        );
    }

    /// The whole page.
    pub fn html(&self) -> String {
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width\"><title>{}</title><style>{STYLE}</style></head><body>\n{}</body></html>\n",
            escape(&self.title),
            self.body
        )
    }

    /// Writes `index.html` into `folder`, which is made if it is not there.
    ///
    /// # Errors
    /// [`Error::File`] naming the folder or the file.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let refuse = |path: &Path, e: std::io::Error| Error::File {
            file: path.display().to_string(),
            message: format!("cannot be written: {e}"),
        };
        std::fs::create_dir_all(folder).map_err(|e| refuse(folder, e))?;
        let file = folder.join("index.html");
        std::fs::write(&file, self.html()).map_err(|e| refuse(&file, e))
    }
}
