//! Reading selectors (Selectors Level 3, section 10, and the dialect's own pseudo-classes).

use super::{Combinator, Complex, Compound, Selector, Simple, Test};

/// Bytes of a selector at most.
const LONGEST: usize = 8192;
/// Levels of brackets, which are read by recursion on a small stack.
const DEEPEST: usize = 8;

/// `None` for what is no selector.
pub(super) fn parse(text: &str) -> Option<Selector> {
    if text.len() > LONGEST {
        return None;
    }
    let mut reader = Reader {
        rest: text,
        depth: 0,
    };
    let selector = reader.list()?;
    reader.rest.is_empty().then_some(selector)
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn skip(&mut self, wanted: char) -> bool {
        let rest = self.rest.strip_prefix(wanted);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn spaces(&mut self) -> bool {
        let rest = self
            .rest
            .trim_start_matches([' ', '\t', '\n', '\r', '\x0C']);
        let any = rest.len() < self.rest.len();
        self.rest = rest;
        any
    }

    /// Alternatives, up to the end or a closing bracket.
    fn list(&mut self) -> Option<Selector> {
        let mut all = Vec::new();
        loop {
            self.spaces();
            all.push(self.complex()?);
            self.spaces();
            if !self.skip(',') {
                return Some(Selector(all));
            }
        }
    }

    fn complex(&mut self) -> Option<Complex> {
        let mut subject = self.compound()?;
        let mut left = Vec::new();
        loop {
            let spaced = self.spaces();
            let combinator = match self.peek() {
                Some('>') => Combinator::Child,
                Some('+') => Combinator::Next,
                Some('~') => Combinator::Later,
                None | Some(',' | ')') => break,
                Some(_) if spaced => Combinator::Descendant,
                Some(_) => return None,
            };
            if combinator != Combinator::Descendant {
                self.rest = &self.rest[1..];
                self.spaces();
            }
            let next = self.compound()?;
            left.push((combinator, std::mem::replace(&mut subject, next)));
        }
        left.reverse();
        Some(Complex { subject, left })
    }

    fn compound(&mut self) -> Option<Compound> {
        let mut all = Vec::new();
        if self.skip('*') {
            all.push(Simple::Any);
        } else if self.peek().is_some_and(is_name_start) {
            all.push(Simple::Tag(self.name()?.to_ascii_lowercase()));
        }
        loop {
            let simple = match self.peek() {
                Some('#') => {
                    self.skip('#');
                    Simple::Id(self.name()?)
                }
                Some('.') => {
                    self.skip('.');
                    Simple::Class(self.name()?)
                }
                Some('[') => self.attribute()?,
                Some(':') => self.pseudo()?,
                _ => break,
            };
            all.push(simple);
        }
        (!all.is_empty()).then_some(all)
    }

    fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        loop {
            match self.peek() {
                Some('\\') => {
                    self.skip('\\');
                    name.push(self.escaped()?);
                }
                Some(found) if is_name_start(found) || found.is_ascii_digit() || found == '-' => {
                    self.skip(found);
                    name.push(found);
                }
                _ => break,
            }
        }
        (!name.is_empty()).then_some(name)
    }

    /// What follows a backslash: hexadecimal digits and a space, or the character itself.
    fn escaped(&mut self) -> Option<char> {
        let digits = self.rest.len()
            - self
                .rest
                .trim_start_matches(|it: char| it.is_ascii_hexdigit())
                .len();
        if digits == 0 {
            let found = self.peek()?;
            self.skip(found);
            return Some(found);
        }
        let (code, rest) = self.rest.split_at(digits.min(6));
        self.rest = rest.strip_prefix(' ').unwrap_or(rest);
        char::from_u32(u32::from_str_radix(code, 16).ok()?)
    }

    fn attribute(&mut self) -> Option<Simple> {
        self.skip('[');
        self.spaces();
        let name = self.name()?.to_ascii_lowercase();
        self.spaces();
        let test = match self.peek()? {
            ']' => Test::Present,
            '=' => Test::Equals,
            '!' => Test::Differs,
            '~' => Test::Includes,
            '|' => Test::Dash,
            '^' => Test::Prefix,
            '$' => Test::Suffix,
            '*' => Test::Substring,
            _ => return None,
        };
        let mut value = String::new();
        if test != Test::Present {
            if test != Test::Equals {
                self.rest = &self.rest[1..];
            }
            if !self.skip('=') {
                return None;
            }
            self.spaces();
            value = match self.peek()? {
                quote @ ('"' | '\'') => self.quoted(quote)?,
                _ => self.name()?,
            };
            self.spaces();
        }
        self.skip(']')
            .then_some(Simple::Attribute { name, test, value })
    }

    fn quoted(&mut self, quote: char) -> Option<String> {
        self.skip(quote);
        let mut text = String::new();
        loop {
            let found = self.peek()?;
            self.skip(found);
            match found {
                '\\' => text.push(self.escaped()?),
                _ if found == quote => return Some(text),
                _ => text.push(found),
            }
        }
    }

    fn pseudo(&mut self) -> Option<Simple> {
        self.skip(':');
        let name = self.name()?.to_ascii_lowercase();
        let nth = |offset, same_name, from_end| Simple::Nth {
            step: 0,
            offset,
            same_name,
            from_end,
        };
        Some(match name.as_str() {
            "first-child" => nth(1, false, false),
            "last-child" => nth(1, false, true),
            "first-of-type" => nth(1, true, false),
            "last-of-type" => nth(1, true, true),
            "only-child" => Simple::OnlyChild { same_name: false },
            "only-of-type" => Simple::OnlyChild { same_name: true },
            "empty" => Simple::Empty,
            "root" => Simple::Root,
            "input" => Simple::Input,
            "link" => Simple::Link,
            "enabled" => Simple::Enabled,
            "disabled" => Simple::Disabled,
            "checked" => Simple::Checked,
            "parent" => Simple::Parent,
            "nth-child" => self.nth(false, false)?,
            "nth-last-child" => self.nth(false, true)?,
            "nth-of-type" => self.nth(true, false)?,
            "nth-last-of-type" => self.nth(true, true)?,
            "not" => Simple::Not(self.bracketed(Self::list)?),
            "has" => Simple::Has(self.bracketed(Self::list)?),
            "haschild" => Simple::HasChild(self.bracketed(Self::list)?),
            "contains" => Simple::Contains(self.bracketed(Self::words)?),
            "containsown" => Simple::ContainsOwn(self.bracketed(Self::words)?),
            _ => return None,
        })
    }

    fn bracketed<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.depth += 1;
        if self.depth > DEEPEST || !self.skip('(') {
            return None;
        }
        self.spaces();
        let inside = read(self)?;
        self.spaces();
        self.depth -= 1;
        self.skip(')').then_some(inside)
    }

    /// Quoted text, or all up to the bracket. Compared in lower case.
    fn words(&mut self) -> Option<String> {
        let words = if let quote @ ('"' | '\'') = self.peek()? {
            self.quoted(quote)?
        } else {
            let (words, rest) = self.rest.split_at(self.rest.find(')')?);
            self.rest = rest;
            words.trim_end().to_owned()
        };
        Some(words.to_lowercase())
    }

    /// `odd`, `even`, `3`, `2n`, `-n+3`, `2n - 1`.
    fn nth(&mut self, same_name: bool, from_end: bool) -> Option<Simple> {
        let (step, offset) = self.bracketed(|reader| {
            let (text, rest) = reader.rest.split_at(reader.rest.find(')')?);
            reader.rest = rest;
            step_and_offset(text)
        })?;
        Some(Simple::Nth {
            step,
            offset,
            same_name,
            from_end,
        })
    }
}

fn step_and_offset(text: &str) -> Option<(i64, i64)> {
    let text: String = text.to_ascii_lowercase().split_whitespace().collect();
    match text.as_str() {
        "odd" => return Some((2, 1)),
        "even" => return Some((2, 0)),
        _ => {}
    }
    let number = |text: &str| text.parse::<i32>().ok().map(i64::from);
    let Some((step, offset)) = text.split_once('n') else {
        return Some((0, number(&text)?));
    };
    let step = match step {
        "" | "+" => 1,
        "-" => -1,
        step => number(step)?,
    };
    let offset = if offset.is_empty() {
        0
    } else {
        number(offset)?
    };
    Some((step, offset))
}

fn is_name_start(found: char) -> bool {
    found.is_ascii_alphabetic()
        || found == '_'
        || found == '\\'
        || found == '-'
        || !found.is_ascii()
}
