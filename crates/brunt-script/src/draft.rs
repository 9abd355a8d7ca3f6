//! One file on its way to a module: decoded, parsed, stripped if it is TypeScript, with the maps
//! that lead back. What other modules want of it is added later, by [`crate::graph`].

use std::sync::Arc;

use crate::analysis::{Facts, Mistake, analyse};
use crate::error::{ErrorKind, LoadError};
use crate::nesting::{DeepError, with_stack_for};
use crate::position::{Position, excerpt};
use crate::source_map::{Authored, Mapping};
use crate::specifier::Specifier;
use crate::strip::{Stripped, is_typescript, strip};
use crate::text::Text;

/// A file that parses.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) facts: Facts,
    pub(crate) code: Code,
    /// What the user should know although it is no error.
    pub(crate) warning: Option<String>,
}

/// A file's texts, and the ways back to what a person wrote.
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) specifier: Specifier,
    /// As it is in the file, without a byte order mark.
    original: Text,
    /// As JavaScript, if that is another text.
    stripped: Option<(Text, Mapping)>,
    /// The map that the file points to.
    authored: Option<Authored>,
}

impl Draft {
    /// Reads a script; `typescript` says whether it may be TypeScript.
    pub(crate) fn new(
        specifier: &Specifier,
        bytes: Vec<u8>,
        typescript: bool,
    ) -> Result<Self, LoadError> {
        let original = Text::new(decode(specifier, bytes)?);
        let text = &*original.code;
        let parsed = with_stack_for(text, || parse(text, typescript));
        let mut code = Code {
            specifier: specifier.clone(),
            original,
            stripped: None,
            authored: None,
        };
        let parsed = parsed.map_err(|error| code.too_deep(error))?;
        let facts = match parsed {
            Parsed::JavaScript(facts) => facts,
            Parsed::TypeScript(stripped, facts) => {
                code.stripped = Some(with_mapping(&code.specifier, *stripped));
                facts.map_err(|mistake| code.mistake_in_stripped(mistake))?
            }
            Parsed::Neither(mistake) => return Err(code.mistake(mistake)),
        };
        let (authored, warning) = match Authored::find(specifier, &code.original.code) {
            Ok(authored) => (authored, None),
            Err(warning) => (None, Some(warning)),
        };
        code.authored = authored;
        Ok(Self {
            facts,
            code,
            warning,
        })
    }
}

impl Code {
    /// The text as it is in the file.
    pub(crate) fn text(&self) -> &Arc<str> {
        &self.original.code
    }

    /// The text as JavaScript.
    pub(crate) fn javascript(&self) -> &Arc<str> {
        self.stripped
            .as_ref()
            .map_or(&self.original.code, |(text, _)| &text.code)
    }

    /// The user's place of one in [`javascript`](Self::javascript); the column in bytes, from 1.
    pub(crate) fn map(&self, line: u32, column: u32) -> Position {
        let (line, units) = match &self.stripped {
            None => {
                if self.authored.is_none() {
                    return self.position(line, self.original.column_of_bytes(line, column));
                }
                (line, self.original.utf16_of_bytes(line, column))
            }
            Some((text, mapping)) => {
                let units = text.utf16_of_bytes(line, column);
                match mapping.nearest(line.saturating_sub(1), units) {
                    Some(place) => (place.line.saturating_add(1), place.column),
                    None => (line, units),
                }
            }
        };
        let mapping = self.authored.as_ref().and_then(Authored::mapping);
        let place = mapping.and_then(|mapping| mapping.in_line(line.saturating_sub(1), units));
        let Some(place) = place else {
            return self.position(line, self.original.column_of_utf16(line, units));
        };
        let line = place.line.saturating_add(1);
        let text = place.source.and_then(|source| source.text.as_ref());
        let column = text.map_or(place.column.saturating_add(1), |text| {
            text.column_of_utf16(line, place.column)
        });
        let file = place
            .source
            .map_or_else(|| self.specifier.text().clone(), |s| s.name.clone());
        Position { file, line, column }
    }

    /// The user's place of a byte offset in [`javascript`](Self::javascript).
    pub(crate) fn map_offset(&self, offset: usize) -> Position {
        let text = self
            .stripped
            .as_ref()
            .map_or(&self.original, |(text, _)| text);
        let (line, column) = text.place(offset);
        self.map(line, text.bytes_of_column(line, column))
    }

    /// The line of a position in this file or in one that it was made of.
    pub(crate) fn excerpt(&self, position: &Position) -> Option<String> {
        let text = if *position.file == *self.specifier.as_str() {
            &self.original
        } else {
            let mapping = self.authored.as_ref().and_then(Authored::mapping)?;
            mapping.original(&position.file)?.text.as_ref()?
        };
        let line = text.line(position.line)?;
        Some(excerpt(line, position.line, position.column))
    }

    fn position(&self, line: u32, column: u32) -> Position {
        Position {
            file: self.specifier.text().clone(),
            line,
            column,
        }
    }

    fn mistake(&self, mistake: Mistake) -> LoadError {
        let (line, column) = self.original.place(mistake.offset);
        self.syntax_error(mistake, self.position(line, column))
    }

    fn mistake_in_stripped(&self, mistake: Mistake) -> LoadError {
        let position = self.map_offset(mistake.offset);
        self.syntax_error(mistake, position)
    }

    fn syntax_error(&self, mistake: Mistake, position: Position) -> LoadError {
        let excerpt = self.excerpt(&position);
        let mut error = LoadError::new(ErrorKind::Syntax, mistake.message).at(position, excerpt);
        error.help = mistake.help;
        error
    }

    fn too_deep(&self, error: DeepError) -> LoadError {
        match error {
            DeepError::TooDeep(offset) => self.mistake(Mistake {
                message: "the code is nested too deeply".to_owned(),
                offset,
                help: Some("take the innermost parts out into variables or functions".to_owned()),
            }),
            DeepError::NoStack => LoadError::new(
                ErrorKind::Internal,
                format!("no memory for parsing {}", self.specifier),
            ),
            DeepError::Panicked => LoadError::new(
                ErrorKind::Internal,
                format!("the parser failed on {}", self.specifier),
            )
            .help("this is a bug of brunt; please report it with the script"),
        }
    }
}

enum Parsed {
    JavaScript(Facts),
    /// The facts are those of the JavaScript, or its mistake.
    TypeScript(Box<Stripped>, Result<Facts, Mistake>),
    Neither(Mistake),
}

/// What parses as JavaScript is JavaScript, whatever it is called.
fn parse(code: &str, typescript: bool) -> Parsed {
    let mistake = match analyse(code) {
        Ok(facts) => return Parsed::JavaScript(facts),
        Err(mistake) => mistake,
    };
    if !typescript {
        return Parsed::Neither(with_advice(mistake, code));
    }
    match strip(code) {
        Ok(stripped) => {
            let facts = analyse(&stripped.code);
            Parsed::TypeScript(Box::new(stripped), facts)
        }
        Err(mistake) => Parsed::Neither(mistake),
    }
}

fn with_advice(mut mistake: Mistake, code: &str) -> Mistake {
    if is_typescript(code) {
        mistake.help = Some("this is TypeScript; give the file a name that ends in .ts".to_owned());
    } else if matches!(code.trim_start().as_bytes().first(), Some(b'{' | b'[')) {
        let help = "if this is JSON, read it with JSON.parse(open(\"…\")) in a script";
        mistake.help.get_or_insert_with(|| help.to_owned());
    }
    mistake
}

fn with_mapping(specifier: &Specifier, stripped: Stripped) -> (Text, Mapping) {
    let map = stripped.map.unwrap_or_default();
    let mapping = Mapping::without_texts(&map, specifier.text());
    (Text::new(Arc::from(stripped.code)), mapping)
}

fn decode(specifier: &Specifier, bytes: Vec<u8>) -> Result<Arc<str>, LoadError> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at].split(|byte| *byte == b'\n').count();
        LoadError::new(
            ErrorKind::Syntax,
            format!("{specifier} is not UTF-8: see line {line}, byte {at} of the file"),
        )
        .help("save the script in the encoding UTF-8")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    match text.find('\0') {
        None => Ok(Arc::from(text)),
        Some(at) => {
            let text = Text::new(Arc::from(text));
            let (line, column) = text.place(at);
            let position = Position {
                file: specifier.text().clone(),
                line,
                column,
            };
            let error = LoadError::new(ErrorKind::Syntax, "there is a NUL character in the code");
            Err(error
                .at(position, None)
                .help("write \\0 in strings; is this a script at all?"))
        }
    }
}
