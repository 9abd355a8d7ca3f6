//! Source maps: from the code that an engine runs to the text that a person wrote.
//!
//! Maps come from users' bundlers and may be broken or huge. So they are read when a script is
//! loaded, but decoded only when a position is wanted, and a broken one maps nothing.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use oxc_sourcemap::{SourceMap, Token};
use url::Url;

use crate::files;
use crate::specifier::Specifier;
use crate::text::Text;

/// A decoded map.
#[derive(Debug)]
pub(crate) struct Mapping {
    /// In the order of the generated code.
    tokens: Vec<Token>,
    sources: Vec<Original>,
}

/// A file that went into generated code.
#[derive(Debug)]
pub(crate) struct Original {
    pub(crate) name: Arc<str>,
    pub(crate) text: Option<Text>,
}

/// A place in an original, as maps tell it: line and column from 0, column in UTF-16 units.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) source: Option<&'a Original>,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl Mapping {
    /// `rename` makes a file's name of what the map calls it.
    pub(crate) fn new(map: &SourceMap<'_>, rename: impl Fn(&str) -> Arc<str>) -> Self {
        let mut tokens: Vec<Token> = map.get_tokens().collect();
        let order = |token: &Token| (token.get_dst_line(), token.get_dst_col());
        if !tokens.is_sorted_by_key(order) {
            tokens.sort_by_key(order);
        }
        let mut contents = map.get_source_contents();
        let sources = map.get_sources().map(|name| Original {
            name: rename(name),
            text: contents
                .next()
                .flatten()
                .map(|text| Text::new(Arc::from(text))),
        });
        Self {
            sources: sources.collect(),
            tokens,
        }
    }

    /// For a map of one file whose text is known elsewhere.
    pub(crate) fn without_texts(map: &SourceMap<'_>, name: &Arc<str>) -> Self {
        let mut mapping = Self::new(map, |_| Arc::clone(name));
        mapping
            .sources
            .iter_mut()
            .for_each(|source| source.text = None);
        mapping
    }

    /// The place of the token at a position of the generated code, both from 0, or of the one
    /// before it in the same line, or the line's first.
    pub(crate) fn in_line(&self, line: u32, column: u32) -> Option<Place<'_>> {
        let after = self.after(line, column);
        let token = after.checked_sub(1).and_then(|at| self.tokens.get(at));
        let token = token.filter(|token| token.get_dst_line() == line);
        let token = token.or_else(|| self.tokens.get(after))?;
        (token.get_dst_line() == line)
            .then(|| self.place(token))
            .flatten()
    }

    /// As [`in_line`](Self::in_line), but in a line without tokens the last one before it: for code
    /// that a compiler added.
    pub(crate) fn nearest(&self, line: u32, column: u32) -> Option<Place<'_>> {
        self.in_line(line, column).or_else(|| {
            let before = self.tokens.get(..self.after(line, column))?;
            before.iter().rev().find_map(|token| self.place(token))
        })
    }

    /// How many tokens start at the position or before it.
    fn after(&self, line: u32, column: u32) -> usize {
        let order = |token: &Token| (token.get_dst_line(), token.get_dst_col());
        self.tokens
            .partition_point(|token| order(token) <= (line, column))
    }

    fn place(&self, token: &Token) -> Option<Place<'_>> {
        let source = self.sources.get(token.get_source_id()? as usize);
        Some(Place {
            source,
            line: token.get_src_line(),
            column: token.get_src_col(),
        })
    }

    /// An original by its name.
    pub(crate) fn original(&self, name: &str) -> Option<&Original> {
        self.sources.iter().find(|source| &*source.name == name)
    }
}

/// The map that a script itself points to.
#[derive(Debug)]
pub(crate) struct Authored {
    content: Content,
    /// What names in the map are relative to.
    base: Specifier,
    decoded: OnceLock<Option<Mapping>>,
}

#[derive(Debug)]
enum Content {
    /// A `data:` URL in the script.
    Inline(String),
    /// The text of a file.
    File(String),
}

impl Authored {
    /// Finds the map of a script and reads it; a failure is a warning for the user.
    pub(crate) fn find(script: &Specifier, code: &str) -> Result<Option<Self>, String> {
        let Some(reference) = reference(code) else {
            return Ok(None);
        };
        let decoded = OnceLock::new();
        if reference
            .get(..5)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
        {
            let content = Content::Inline(reference.to_owned());
            return Ok(Some(Self {
                content,
                base: script.clone(),
                decoded,
            }));
        }
        let warning = |reason: &str| {
            format!(
                "source map of {script} is ignored: {reason}; positions in it are those of the generated code"
            )
        };
        let url = Url::parse(script.as_str())
            .ok()
            .and_then(|base| base.join(reference).ok());
        let base = url.map(|url| Specifier::from(url.as_str()));
        let Some((base, path)) = base.and_then(|base| base.to_path().map(|path| (base, path)))
        else {
            return Err(warning(&format!("{reference} is no local file")));
        };
        let bytes = files::read(&path, files::LONGEST_MAP)
            .map_err(|error| warning(&format!("cannot read {}: {error}", path.display())))?;
        let text = String::from_utf8(bytes)
            .map_err(|_| warning(&format!("{} is not UTF-8", path.display())))?;
        Ok(Some(Self {
            content: Content::File(text),
            base,
            decoded,
        }))
    }

    /// The map; none if it is broken.
    pub(crate) fn mapping(&self) -> Option<&Mapping> {
        self.decoded.get_or_init(|| self.decode()).as_ref()
    }

    fn decode(&self) -> Option<Mapping> {
        let json = match &self.content {
            Content::Inline(url) => Cow::Owned(data_of(url)?),
            Content::File(text) => Cow::Borrowed(text.as_str()),
        };
        // Servers may put `)]}'` before JSON, and maps allow for it.
        let json = match json.strip_prefix(")]}'") {
            Some(rest) => rest.split_once('\n').map_or("", |(_, json)| json),
            None => &json,
        };
        let map = SourceMap::from_json_string(json).ok()?;
        let root = map.get_source_root().unwrap_or_default().to_owned();
        Some(Mapping::new(&map, |name| self.name_of(&root, name)))
    }

    /// Names are URLs relative to the map; `webpack://…` and the like stay as they are.
    fn name_of(&self, root: &str, name: &str) -> Arc<str> {
        let separator = if root.is_empty() || root.ends_with('/') {
            ""
        } else {
            "/"
        };
        let name = format!("{root}{separator}{name}");
        let base = Url::parse(self.base.as_str()).ok();
        match base.and_then(|base| base.join(&name).ok()) {
            Some(url) if url.scheme() == "file" => Arc::from(url.as_str()),
            _ => Arc::from(name),
        }
    }
}

/// The URL in a `//# sourceMappingURL=` comment that no code follows.
fn reference(code: &str) -> Option<&str> {
    let at = code.rfind("sourceMappingURL=")?;
    let line_start = code.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
    let mut before = code.get(line_start..at)?.trim();
    // The comment may stand behind code, as in minified bundles.
    before = before
        .rsplit_once("//")
        .map_or("-", |(_, marker)| marker)
        .trim_end();
    if before != "#" && before != "@" {
        return None;
    }
    let (url, rest) = match code.get(at + "sourceMappingURL=".len()..)?.split_once('\n') {
        Some((url, rest)) => (url.trim(), rest),
        None => (code.get(at + "sourceMappingURL=".len()..)?.trim(), ""),
    };
    let is_code = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
    if rest.lines().any(is_code) || url.is_empty() || url.contains([' ', '\t', '"', '\'', '`']) {
        return None;
    }
    Some(url)
}

/// The content of a `data:` URL (RFC 2397).
fn data_of(url: &str) -> Option<String> {
    let (header, data) = url.get(5..)?.split_once(',')?;
    let base64 = header
        .rsplit(';')
        .next()
        .is_some_and(|last| last.trim() == "base64");
    let bytes = percent_decoded(data);
    let bytes = if base64 {
        base64::engine::general_purpose::STANDARD
            .decode(&bytes)
            .ok()?
    } else {
        bytes
    };
    String::from_utf8(bytes).ok()
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let digits = bytes
            .get(at + 1..at + 3)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let value = digits
            .filter(|_| byte == b'%')
            .and_then(|d| u8::from_str_radix(d, 16).ok());
        out.push(value.unwrap_or(byte));
        at += if value.is_some() { 3 } else { 1 };
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SCRIPT: &str = "file:///dir/out.js";

    fn inline(map: &str) -> Authored {
        let data = base64::engine::general_purpose::STANDARD.encode(map);
        let code = format!(
            "a();\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,{data}\n"
        );
        Authored::find(&Specifier::from(SCRIPT), &code)
            .expect("readable")
            .expect("a map")
    }

    #[test]
    fn references_are_found_where_they_count() {
        let table = [
            ("a\n//# sourceMappingURL=a.js.map", Some("a.js.map")),
            ("a\n//@ sourceMappingURL=a.js.map\n\n", Some("a.js.map")),
            (
                "a;//# sourceMappingURL=a.js.map\r\n// end\n",
                Some("a.js.map"),
            ),
            (
                "//# sourceMappingURL=a.map\n//# sourceMappingURL=b.map",
                Some("b.map"),
            ),
            ("//# sourceMappingURL=a.map\ncode()", None),
            ("const a = 'sourceMappingURL=b'", None),
            ("const a = '//# sourceMappingURL=b'", None),
            ("//# sourceMappingURL=", None),
            ("nothing", None),
        ];
        for (code, expected) in table {
            assert_eq!(reference(code), expected, "{code}");
        }
    }

    #[test]
    fn names_are_relative_to_the_map() {
        let authored = inline(
            r#"{"version":3,"sourceRoot":"..","sources":["src/a.ts","webpack:///./b.ts"],"names":[],"mappings":"AAAA"}"#,
        );
        let names: Vec<_> = authored
            .mapping()
            .expect("decoded")
            .sources
            .iter()
            .map(|s| s.name.clone())
            .collect();
        assert_eq!(&*names[0], "file:///src/a.ts");
        assert!(names[1].contains("b.ts"));
    }

    #[test]
    fn places_are_looked_up_by_line() {
        let authored = inline(
            // Generated 1:3 is 2:1 of the source; 1:9 is 2:5; line 2 has nothing; 3:1 is 4:1.
            r#"{"version":3,"sources":["a.ts"],"sourcesContent":["\n\n\n"],"names":[],"mappings":"EACA,MAAI;;AAEJ"}"#,
        );
        let mapping = authored.mapping().expect("decoded");
        let place = |line, column| mapping.in_line(line, column).map(|p| (p.line, p.column));
        assert_eq!(place(0, 2), Some((1, 0)));
        assert_eq!(place(0, 7), Some((1, 0)));
        assert_eq!(place(0, 0), Some((1, 0)), "before the first token");
        assert_eq!(place(0, 8), Some((1, 4)));
        assert_eq!(place(1, 0), None);
        assert_eq!(mapping.nearest(1, 0).map(|p| p.line), Some(1));
        assert_eq!(place(9, 0), None);
    }

    #[test]
    fn a_missing_map_is_a_warning() {
        let find = |url: &str| {
            let code = format!("a()\n//# sourceMappingURL={url}");
            Authored::find(&Specifier::from(SCRIPT), &code)
        };
        assert!(
            find("no-such.map")
                .expect_err("missing")
                .contains("/dir/no-such.map")
        );
        assert!(
            find("https://host/a.map")
                .expect_err("remote")
                .contains("no local file")
        );
    }

    #[test]
    fn broken_maps_map_nothing() {
        for map in [
            "",
            "{",
            "[]",
            "{\"version\":3}",
            "{\"version\":3,\"sources\":[],\"names\":[],\"mappings\":\"!!\"}",
        ] {
            if let Some(mapping) = inline(map).mapping() {
                assert!(mapping.in_line(0, 0).is_none(), "{map}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_map_panics(mappings in "[A-Za-z0-9+/,;]{0,60}", line in 0_u32..9, column in any::<u32>()) {
            let map = format!(
                r#"{{"version":3,"sources":["a.ts","b.ts"],"names":["n"],"mappings":"{mappings}"}}"#
            );
            if let Some(mapping) = inline(&map).mapping() {
                let _ = mapping.in_line(line, column);
                let _ = mapping.nearest(line, column);
            }
        }

        #[test]
        fn no_text_panics(code in "\\PC{0,40}", url in "\\PC{0,40}") {
            let script = Specifier::from(SCRIPT);
            for code in [code, format!("//# sourceMappingURL=data:{url}")] {
                if let Ok(Some(authored)) = Authored::find(&script, &code) {
                    let _ = authored.mapping();
                }
            }
        }
    }
}
