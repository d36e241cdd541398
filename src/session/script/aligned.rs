//! Tables as text.

/// Lines of cells below each other, every column as wide as its widest cell. All lines have as many cells as the first.
pub fn aligned<L: AsRef<[String]>>(lines: &[L]) -> String {
    let n = lines.first().map_or(0, |line| line.as_ref().len());
    let width = |column: usize| {
        let cells = lines.iter().map(|line| &line.as_ref()[column]);
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..n).map(width).collect();
    let text = |line: &L| {
        let cells = line.as_ref().iter().zip(&widths);
        let padded: Vec<String> = cells
            .map(|(cell, &width)| format!("{cell:width$}"))
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    lines.iter().map(text).collect::<Vec<_>>().join("\n")
}
