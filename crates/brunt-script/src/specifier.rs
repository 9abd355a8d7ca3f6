//! Names of modules, and what a request such as `./helper.js` means in one of them.
//!
//! Files are named by URL, as ES modules are everywhere, and requests are resolved by URL rules;
//! there is no search for extensions, index files or packages, so there is nothing else to it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use url::Url;

use crate::builtins::Builtins;
use crate::error::{ErrorKind, LoadError};

/// The full name of a module: `k6/http`, or `file:///home/me/script.js`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Specifier(Arc<str>);

impl Specifier {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn text(&self) -> &Arc<str> {
        &self.0
    }

    /// Whether the module comes with the program.
    pub fn is_builtin(&self) -> bool {
        is_builtin_name(&self.0)
    }

    /// The file that holds the module; none for built-in modules.
    pub fn to_path(&self) -> Option<PathBuf> {
        // Query and fragment make another module of the same file.
        Url::parse(&self.0)
            .ok()
            .filter(|url| url.scheme() == "file")?
            .to_file_path()
            .ok()
    }

    /// A file's name. The path must be absolute.
    pub(crate) fn of_path(path: &Path) -> Option<Self> {
        let url = Url::from_file_path(path).ok()?;
        // Parsed again, because only that removes `..`.
        Url::parse(url.as_str())
            .ok()
            .map(|url| Self::from(url.as_str()))
    }

    /// The name without `#fragment`.
    pub(crate) fn without_fragment(&self) -> Self {
        self.0
            .split_once('#')
            .map_or_else(|| self.clone(), |(name, _)| Self::from(name))
    }
}

impl From<&str> for Specifier {
    fn from(name: &str) -> Self {
        Self(Arc::from(name))
    }
}

impl AsRef<str> for Specifier {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Specifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_builtin_name(name: &str) -> bool {
    ["k6", "brunt"].iter().any(|root| {
        name.strip_prefix(root)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// What `request` means in module `base`.
pub(crate) fn resolve(
    base: &Specifier,
    request: &str,
    builtins: &Builtins,
) -> Result<Specifier, LoadError> {
    if is_builtin_name(request) {
        let known = builtins.contains(request).then(|| Specifier::from(request));
        return known.ok_or_else(|| builtins.unknown(request));
    }
    let resolved = if is_path(request) {
        let base = Url::parse(base.as_str())
            .ok()
            .and_then(|base| base.join(request).ok());
        base.filter(|url| url.scheme() == "file")
    } else if has_prefix(request, "file://") {
        Url::parse(request)
            .ok()
            .filter(|url| url.to_file_path().is_ok())
    } else {
        return Err(refusal(request));
    };
    let Some(url) = resolved else {
        return Err(error(format!(
            "\"{}\" is no name of a file",
            shown(request)
        )));
    };
    if url.path().to_ascii_lowercase().ends_with(".json") {
        let message = format!("cannot import JSON: \"{}\"", shown(request));
        let help = format!("use JSON.parse(open(\"{}\"))", shown(request));
        return Err(LoadError::new(ErrorKind::Syntax, message).help(help));
    }
    Ok(Specifier::from(url.as_str()))
}

fn is_path(request: &str) -> bool {
    ["./", "../", "/"]
        .iter()
        .any(|prefix| request.starts_with(prefix))
        && !request.starts_with("//")
        || request == "."
        || request == ".."
}

fn has_prefix(request: &str, prefix: &str) -> bool {
    request
        .get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Why a request that names neither a built-in module nor a file is not accepted.
fn refusal(request: &str) -> LoadError {
    let name = shown(request);
    if request.is_empty() {
        return error("the name of a module must not be empty".to_owned());
    }
    if has_prefix(request, "https://") {
        return error(format!("remote modules are not supported yet: \"{name}\""))
            .help("download the module and import it as a local file, such as \"./lib/name.js\"");
    }
    if has_prefix(request, "http://") {
        return error(format!(
            "modules cannot be loaded over plain HTTP: \"{name}\""
        ))
        .help("download the module and import it as a local file");
    }
    for host in ["github.com/", "cdnjs.com/"] {
        if has_prefix(request, host) {
            return error(format!("the short form \"{name}\" of old versions is gone"))
                .help("download the module and import it as a local file");
        }
    }
    if let Ok(url) = Url::parse(request) {
        return error(format!(
            "cannot load \"{name}\": unknown scheme \"{}:\"",
            url.scheme()
        ))
        .help("import built-in modules (\"k6/http\") and local files (\"./helper.js\")");
    }
    error(format!(
        "cannot find module \"{name}\": it is neither built in nor the path of a file"
    ))
    .help(format!(
        "a local file needs its full name, such as \"./{name}\"; packages of npm must be \
             bundled into a file first"
    ))
}

fn error(message: String) -> LoadError {
    LoadError::new(ErrorKind::Specifier, message)
}

/// A request as messages quote it.
fn shown(request: &str) -> String {
    const LONGEST: usize = 200;
    let mut text: String = request
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST)
        .collect();
    if request.chars().count() > LONGEST {
        text.push_str("...");
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BASE: &str = "file:///home/me/tests/main.js";

    fn check(request: &str) -> Result<Specifier, LoadError> {
        let builtins = Builtins::new(["k6", "k6/http"]);
        resolve(&Specifier::from(BASE), request, &builtins)
    }

    #[test]
    fn requests_that_name_a_module() {
        let table = [
            ("k6", "k6"),
            ("k6/http", "k6/http"),
            ("./a.js", "file:///home/me/tests/a.js"),
            ("../lib/a.ts", "file:///home/me/lib/a.ts"),
            ("./../../../../a.js", "file:///a.js"),
            ("/abs/a.js", "file:///abs/a.js"),
            ("file:///abs/a.js", "file:///abs/a.js"),
            ("FILE:///abs/a.js", "file:///abs/a.js"),
            ("./no-extension", "file:///home/me/tests/no-extension"),
            (
                "./my file ü.js",
                "file:///home/me/tests/my%20file%20%C3%BC.js",
            ),
            ("./a.js?v=2", "file:///home/me/tests/a.js?v=2"),
            ("./a.json.js", "file:///home/me/tests/a.json.js"),
        ];
        for (request, expected) in table {
            let specifier = check(request).unwrap_or_else(|error| panic!("{request}: {error}"));
            assert_eq!(specifier.as_str(), expected);
        }
    }

    #[test]
    fn requests_that_are_refused() {
        use ErrorKind::{Specifier, Syntax, UnknownBuiltin};
        let table = [
            ("", Specifier, "must not be empty"),
            ("lodash", Specifier, "cannot find module \"lodash\""),
            ("@scope/pkg", Specifier, "cannot find module \"@scope/pkg\""),
            ("k6-utils", Specifier, "cannot find module \"k6-utils\""),
            (
                "k6/nothing",
                UnknownBuiltin,
                "unknown module \"k6/nothing\"",
            ),
            (
                "brunt/nothing",
                UnknownBuiltin,
                "unknown module \"brunt/nothing\"",
            ),
            ("http://host/a.js", Specifier, "plain HTTP"),
            (
                "https://jslib.k6.io/a.js",
                Specifier,
                "remote modules are not supported yet",
            ),
            ("//host/a.js", Specifier, "cannot find module"),
            ("github.com/loadimpact/k6/a.js", Specifier, "short form"),
            ("cdnjs.com/libraries/Faker", Specifier, "short form"),
            ("node:fs", Specifier, "unknown scheme \"node:\""),
            (
                "data:text/javascript,1",
                Specifier,
                "unknown scheme \"data:\"",
            ),
            ("file://host/a.js", Specifier, "no name of a file"),
            ("./data.json", Syntax, "cannot import JSON"),
            ("./data.JSON", Syntax, "cannot import JSON"),
        ];
        for (request, kind, message) in table {
            let error = check(request).expect_err(request);
            assert_eq!(error.kind, kind, "{request}");
            assert!(
                error.message.contains(message),
                "{request}: {}",
                error.message
            );
            assert_eq!(error.kind.exit_code(), 107);
        }
        let json = check("./data.json").expect_err("json");
        assert_eq!(
            json.help.as_deref(),
            Some("use JSON.parse(open(\"./data.json\"))")
        );
    }

    #[test]
    fn names_and_paths_of_files_agree() {
        for path in ["/a/b.js", "/with space/#1?.ts", "/100%/ü.js"] {
            let specifier = Specifier::of_path(Path::new(path)).expect("a name");
            assert_eq!(specifier.to_path().as_deref(), Some(Path::new(path)));
        }
        let dotted = Specifier::of_path(Path::new("/a/../b/./c.js")).expect("a name");
        assert_eq!(dotted.as_str(), "file:///b/c.js");
        assert_eq!(Specifier::from("k6/http").to_path(), None);
    }

    proptest! {
        #[test]
        fn no_request_panics(request in "\\PC{0,30}", base in "\\PC{0,30}") {
            let builtins = Builtins::new(["k6"]);
            for base in [BASE, base.as_str()] {
                for request in [request.clone(), format!("./{request}"), format!("file://{request}")] {
                    if let Ok(specifier) = resolve(&Specifier::from(base), &request, &builtins) {
                        let _ = specifier.to_path();
                    }
                }
            }
        }
    }
}
