//! Colours of terminal text by meaning; with colour off the text stays as it is.
//!
//! Six fixed attributes need no library, and this crate must not ask what a terminal can do.

/// Wraps text in the escape sequences of a meaning.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    colour: bool,
}

impl Style {
    /// With or without colour.
    pub fn new(colour: bool) -> Self {
        Self { colour }
    }

    /// Titles.
    pub fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// What matters less.
    pub fn faint(self, text: &str) -> String {
        self.wrap("2", text)
    }

    /// What went wrong.
    pub fn red(self, text: &str) -> String {
        self.wrap("31", text)
    }

    /// What went well.
    pub fn green(self, text: &str) -> String {
        self.wrap("32", text)
    }

    /// Values.
    pub fn cyan(self, text: &str) -> String {
        self.wrap("36", text)
    }

    /// Values of less weight.
    pub fn faint_cyan(self, text: &str) -> String {
        self.wrap("36;2", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}
