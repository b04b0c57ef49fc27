//! An error and its causes in one line.

/// What went wrong, and why; a cause that was said already is not said twice.
pub(super) fn said(error: &anyhow::Error) -> String {
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
    fn a_cause_that_stands_in_the_message_is_not_said_twice() {
        let used = || anyhow!("the address is in use");
        assert_eq!(said(&used()), "the address is in use");
        let listen = used().context("cannot listen: the address is in use");
        assert_eq!(said(&listen), "cannot listen: the address is in use");
        let start = used().context("cannot listen").context("no studio");
        assert_eq!(
            said(&start),
            "no studio: cannot listen: the address is in use"
        );
    }
}
