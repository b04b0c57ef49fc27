//! An error and its causes in one line.

/// What went wrong, and why; a cause that the line holds already is not repeated.
pub(super) fn one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if line.is_empty() {
            line = cause;
        } else if !line.contains(&cause) {
            line.push_str(": ");
            line.push_str(&cause);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn a_cause_that_the_message_holds_is_not_repeated() {
        let used = || anyhow!("the address is in use");
        assert_eq!(one_line(&used()), "the address is in use");
        let listen = used().context("cannot listen: the address is in use");
        assert_eq!(one_line(&listen), "cannot listen: the address is in use");
        let start = used().context("cannot listen").context("no studio");
        assert_eq!(
            one_line(&start),
            "no studio: cannot listen: the address is in use"
        );
    }
}
