//! A stack deep enough for any script: the parser recurses as deep as the code nests and checks no
//! limit, so a few kilobytes of brackets would end the process.
//!
//! Each level of recursion takes at least one token, so the number of tokens bounds the depth; a
//! stack for that many is reserved, and the kernel provides only what is touched. Code that really
//! nests beyond what any engine accepts is refused first.

use std::thread;

/// How deep code may nest, in brackets and operators that wait for what follows. QuickJS gives up
/// at about a tenth of it.
const DEEPEST: usize = 10_000;

/// Stack for one token in bytes, with a margin: types in brackets need most, 2.7 kB.
const FRAME: usize = 4 << 10;

/// Stack beside the levels, in bytes.
const BASE: usize = 1 << 20;

/// The most that is reserved. Code of more tokens is held by [`DEEPEST`] alone, except for chains
/// such as `a + a + a`, of whose links 32 MiB of code would fit.
const LARGEST: usize = 4 << 30;

/// What is reserved where the system allows no more: enough for [`DEEPEST`] levels.
const SMALLER: usize = 128 << 20;

/// Why work on a script could not be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeepError {
    /// The code nests too deeply at this byte offset.
    TooDeep(usize),
    /// There is no memory for the stack.
    NoStack,
    /// The parser panicked.
    Panicked,
}

/// Does work whose recursion is bounded by the nesting of `code`.
pub(crate) fn with_stack_for<T: Send>(
    code: &str,
    work: impl FnOnce() -> T + Send,
) -> Result<T, DeepError> {
    let tokens = measure(code)?;
    let size = tokens
        .saturating_mul(FRAME)
        .saturating_add(BASE)
        .min(LARGEST);
    let mut work = Some(work);
    for size in [size, size.min(SMALLER)] {
        let ended = thread::scope(|scope| {
            let thread = thread::Builder::new()
                .name("parser".to_owned())
                .stack_size(size);
            let thread = thread
                .spawn_scoped(scope, || work.take().map(|work| work()))
                .ok()?;
            Some(thread.join().ok().flatten().ok_or(DeepError::Panicked))
        });
        if let Some(ended) = ended {
            return ended;
        }
    }
    Err(DeepError::NoStack)
}

/// An upper bound of the number of tokens, or where the code nests too deeply.
fn measure(code: &str) -> Result<usize, DeepError> {
    let mut scan = Scan {
        bytes: code.as_bytes(),
        at: 0,
        tokens: 0,
        levels: vec![Level::default()],
        waiting: 0,
    };
    scan.run()
}

/// What waits for its end between two brackets.
#[derive(Debug, Clone, Copy, Default)]
struct Level {
    /// Operators that are done with at the next `;`, `,` or `}`, or at the end of a line.
    operators: usize,
    /// Words that are done with at the next `;`, `,` or `}`.
    words: usize,
    /// Statements that hold others: `else`, `do`.
    statements: usize,
    /// The level is `${ … }` in a template.
    template: bool,
}

/// A rough reading of tokens. It may take a regular expression for a division, and so a quote
/// in it for a string, but never past the end of the line.
struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    tokens: usize,
    levels: Vec<Level>,
    /// The sum over all levels.
    waiting: usize,
}

impl Scan<'_> {
    fn run(&mut self) -> Result<usize, DeepError> {
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'"' | b'\'' => self.string(byte),
                b'`' => self.template(),
                b'/' => self.slash(),
                b'(' | b'[' | b'{' => self.open(false),
                b')' | b']' => self.close(),
                b'}' => {
                    let template = self.levels.last().is_some_and(|level| level.template);
                    self.close();
                    self.settle();
                    if template {
                        self.template();
                    }
                }
                b';' | b',' => self.settle(),
                b'\n' => self.line_end(),
                b'!' | b'~' | b'=' | b'?' | b':' | b'+' | b'-' | b'*' | b'<' => self.operator(),
                b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' | 0x80.. => self.word(),
                b'.' | b'%' | b'&' | b'|' | b'^' | b'>' | b'@' | b'#' => {
                    self.tokens += 1;
                }
                _ => {}
            }
            if self.levels.len() + self.waiting > DEEPEST {
                return Err(DeepError::TooDeep(self.at - 1));
            }
        }
        Ok(self.tokens)
    }

    fn open(&mut self, template: bool) {
        self.tokens += 1;
        self.levels.push(Level {
            template,
            ..Level::default()
        });
    }

    fn close(&mut self) {
        if self.levels.len() > 1
            && let Some(level) = self.levels.pop()
        {
            self.waiting -= level.operators + level.words + level.statements;
        }
    }

    fn settle(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            self.waiting -= std::mem::take(&mut level.operators) + std::mem::take(&mut level.words);
        }
    }

    fn operator(&mut self) {
        self.tokens += 1;
        // `a + b + c` nests to the left, which costs the parser nothing; `+ + a` and `a ** b ** c`
        // to the right.
        let before = self.bytes[..self.at - 1]
            .iter()
            .rev()
            .find(|byte| !byte.is_ascii_whitespace());
        let operand =
            before.is_none_or(|byte| byte.is_ascii_alphanumeric() || b")]}_$'\"`".contains(byte));
        let binary = matches!(self.bytes[self.at - 1], b'+' | b'-' | b'*') && operand;
        if !binary && let Some(level) = self.levels.last_mut() {
            level.operators += 1;
            self.waiting += 1;
        }
    }

    /// Ends a statement where no semicolon does: after an operand, unless the next line goes on.
    fn line_end(&mut self) {
        let line = self.bytes[..self.at - 1].trim_ascii_end();
        let after = self.bytes[self.at..].trim_ascii_start().first();
        let ends = line
            .last()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || b")]_$'\"`>".contains(byte))
            && !line.ends_with(b"=>");
        let goes_on = after.is_some_and(|byte| b"?:=.+-*/%&|^<>([`".contains(byte));
        if ends
            && !goes_on
            && let Some(level) = self.levels.last_mut()
        {
            self.waiting -= std::mem::take(&mut level.operators);
        }
    }

    fn word(&mut self) {
        let start = self.at - 1;
        let is_word =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..);
        let rest = self.bytes[self.at..]
            .iter()
            .take_while(|byte| is_word(byte));
        self.at += rest.count();
        self.tokens += 1;
        let Some(level) = self.levels.last_mut() else {
            return;
        };
        match &self.bytes[start..self.at] {
            b"else" | b"do" => level.statements += 1,
            b"if" | b"for" | b"while" | b"with" | b"typeof" | b"void" | b"delete" | b"await"
            | b"yield" | b"new" | b"extends" | b"keyof" | b"readonly" | b"infer" | b"unique" => {
                level.words += 1;
            }
            _ => return,
        }
        self.waiting += 1;
    }

    fn string(&mut self, quote: u8) {
        self.tokens += 1;
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'\n' => return,
                b'\\' => self.at += 1,
                _ => {}
            }
            self.at += 1;
            if byte == quote {
                return;
            }
        }
    }

    /// The text of a template, up to its end or its next `${`.
    fn template(&mut self) {
        self.tokens += 1;
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'`' => return,
                b'\\' => self.at += 1,
                b'$' if self.bytes.get(self.at) == Some(&b'{') => {
                    self.at += 1;
                    return self.open(true);
                }
                _ => {}
            }
        }
    }

    fn slash(&mut self) {
        let rest = &self.bytes[self.at.min(self.bytes.len())..];
        let skipped = match rest.first() {
            Some(b'/') => rest.iter().position(|byte| *byte == b'\n'),
            Some(b'*') => rest
                .windows(2)
                .skip(1)
                .position(|two| two == b"*/")
                .map(|at| at + 3),
            _ if self.starts_regex() => Some(regex_length(rest)),
            _ => {
                self.tokens += 1;
                Some(0)
            }
        };
        self.at += skipped.unwrap_or(rest.len());
    }

    /// Whether a slash begins a regular expression: by what stands before it.
    fn starts_regex(&self) -> bool {
        let before = &self.bytes[..self.at - 1];
        let before = before.iter().rev().find(|byte| !byte.is_ascii_whitespace());
        before.is_none_or(|byte| b"(,=:[!&|?{};+-*%<>~^".contains(byte))
    }
}

/// The length of a regular expression after its first slash; 0 if it is none.
fn regex_length(rest: &[u8]) -> usize {
    let mut class = false;
    let mut at = 0;
    while let Some(&byte) = rest.get(at) {
        match byte {
            b'\n' => break,
            b'\\' => at += 1,
            b'[' => class = true,
            b']' => class = false,
            b'/' if !class => return at + 1,
            _ => {}
        }
        at += 1;
    }
    0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nesting_beyond_any_engine_is_refused() {
        for unit in [
            "(", "[", "{", "a=>", "!", "- ", "a?b:", "if(1)", "else ", "do ", "`${", "x=", "new ",
            "typeof ",
        ] {
            let code = unit.repeat(1_000_000 / unit.len());
            let error = measure(&code).expect_err(unit);
            let DeepError::TooDeep(offset) = error else {
                panic!("{unit}: {error:?}")
            };
            assert!(offset <= unit.len() * (DEEPEST + 1), "{unit}: {offset}");
        }
    }

    #[test]
    fn long_flat_code_is_accepted() {
        for unit in [
            "f({a: [1, 2], b: !x});\n",
            "{\"a\": [1, \"}\"], \"b\": `{${1}`},",
            "const a = b ? c : d;",
            "x + y - z * ",
            "const a = b ? c : d\n",
            "type A = B<C>\n",
            "// (((\n",
            "/* (( */",
            "a = /[(/]\\//.test(b);\n",
            "'(' + \"[\" + `{`;",
            "if (a) { b } else { c }\n",
            "a.b().c[0].",
        ] {
            let code = unit.repeat(300_000 / unit.len());
            // `else` alone may add up, as it does in the parser.
            let code = if unit.contains("else") {
                unit.repeat(DEEPEST / 2)
            } else {
                code
            };
            assert!(measure(&code).is_ok(), "{unit}");
        }
    }

    #[test]
    fn whatever_is_accepted_can_be_parsed() {
        // A stack that is too small would end the test with the process.
        let table = [
            ("(", "a", ")"),
            ("[", "a", "]"),
            ("({a:", "1", "})"),
            ("()=>{", "", "}"),
            ("`${", "a", "}`"),
            ("!", "a", ""),
            ("class A{a(){", "", "}}"),
            ("(class extends ", "A", "{})"),
            ("a?b:", "c", ""),
            ("a ** ", "b", ""),
            ("if(1)\n", "a", ""),
            ("let a: ", "b", ""),
        ];
        for (open, middle, close) in table {
            let opens = open
                .bytes()
                .filter(|byte| b"([{:<?*".contains(byte))
                .count()
                .max(1);
            let depth = (DEEPEST - 100) / (opens + 1);
            let code = [open.repeat(depth), middle.to_owned(), close.repeat(depth)].concat();
            with_stack_for(&code, || {
                drop((crate::analysis::analyse(&code), crate::strip::strip(&code)));
            })
            .unwrap_or_else(|error| panic!("{open}: {error:?}"));
        }
        for (start, link) in [("a", "+a"), ("a", ".a"), ("a", "()"), ("await a", "+a")] {
            let code = format!("{start}{}", link.repeat(100_000));
            with_stack_for(&code, || {
                drop((crate::analysis::analyse(&code), crate::strip::strip(&code)));
            })
            .unwrap_or_else(|error| panic!("{link}: {error:?}"));
        }
        let types = format!("type A = {}b{}", "B<".repeat(4_000), ">".repeat(4_000));
        with_stack_for(&types, || drop(crate::strip::strip(&types))).expect("parsed");
    }

    #[test]
    fn a_panic_is_an_error() {
        let ended: Result<(), _> = with_stack_for("", || panic!("a test"));
        assert_eq!(ended, Err(DeepError::Panicked));
    }

    proptest! {
        #[test]
        fn no_text_panics(code in "[(){}\\[\\]`$'\"/*\\\\\na-c;=ü]{0,60}") {
            let _ = measure(&code);
        }
    }
}
