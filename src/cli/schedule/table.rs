//! Lines in columns, for people.

/// Puts cells under each other; what is last of a line is as long as it is.
pub(super) fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for line in lines {
        let mut text = String::new();
        for (cell, width) in line.iter().zip(&widths) {
            // a column that nobody fills takes no room
            if *width > 0 {
                text += &format!("{cell:width$}  ");
            }
        }
        out += text.trim_end();
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::aligned;

    #[test]
    fn empty_columns_take_no_room() {
        let line = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        assert_eq!(
            aligned(&[line(["a", "", "café"]), line(["bcd", "", "x"])]),
            "a    café\nbcd  x\n"
        );
        assert_eq!(aligned(&[]), "");
    }
}
