//! Plain-text tables: columns as wide as their widest cell, nothing but spaces between them.

use super::paragraph::paragraph;

/// On which side of its column a cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// Rows of text under a heading. Where a line would be too long, a last column of text is continued
/// below itself.
#[derive(Debug, Clone)]
pub struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table with the given column titles.
    ///
    /// ```
    /// use unlearn::report::table::{Align, Table};
    /// let mut t = Table::new(&[("name", Align::Left), ("n", Align::Right)]);
    /// t.row(["a", "10"]);
    /// t.row(["bcdef", "7"]);
    /// assert_eq!(t.to_string(), "name    n\na      10\nbcdef   7\n");
    /// ```
    pub fn new(columns: &[(&str, Align)]) -> Table {
        let columns = columns.iter().map(|(title, align)| ((*title).to_owned(), *align)).collect();
        Table { columns, rows: Vec::new() }
    }

    /// Adds a row. Panics unless there is one cell per column.
    pub fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        let cells: Vec<String> = cells.into_iter().map(Into::into).collect();
        assert_eq!(cells.len(), self.columns.len(), "{} cells for {}", cells.len(), self.columns.len());
        self.rows.push(cells);
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let titles: Vec<String> = self.columns.iter().map(|(title, _)| title.clone()).collect();
        let lines = || std::iter::once(&titles).chain(&self.rows);
        let width = |j: usize| lines().map(|cells| cells[j].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        for cells in lines() {
            let mut line = String::new();
            for (j, cell) in cells.iter().enumerate() {
                let width = widths[j];
                line.push_str(if j == 0 { "" } else { "  " });
                match self.columns[j].1 {
                    Align::Left if j + 1 == cells.len() => line = paragraph(&line, cell),
                    Align::Left => line.push_str(&format!("{cell:<width$}")),
                    Align::Right => line.push_str(&format!("{cell:>width$}")),
                }
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
