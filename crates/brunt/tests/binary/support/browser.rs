//! A headless Chromium that opens pages from files, with nothing else to reach.

use std::path::Path;
use std::process::Command;

/// A page after its scripts have run.
pub(crate) struct Opened {
    /// The document as it stands then.
    pub(crate) dom: String,
}

/// Opens a page, dark or light; its scripts may complain about nothing.
#[track_caller]
pub(crate) fn open(page: &Path, dark: bool) -> Opened {
    let output = chromium(page, dark, &["--dump-dom", "--window-size=1300,1000"]);
    Opened { dom: output }
}

/// Draws a page into a picture, which is kept beside the build: to be looked at.
#[track_caller]
pub(crate) fn screenshot(page: &Path, dark: bool, name: &str, height: u32) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    let picture = folder.join(name);
    let target = format!("--screenshot={}", picture.display());
    chromium(
        page,
        dark,
        &[&target, &format!("--window-size=1300,{height}")],
    );
    assert!(
        std::fs::metadata(&picture).unwrap().len() > 10_000,
        "{name} is empty"
    );
}

#[track_caller]
fn chromium(page: &Path, dark: bool, args: &[&str]) -> String {
    let profile = tempfile::tempdir().unwrap();
    let mut command = Command::new("chromium");
    command
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
        ])
        .args([
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
        ])
        // Names lead nowhere, and so does a proxy.
        .args([
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--proxy-server=127.0.0.1:9",
        ])
        .args(["--enable-logging=stderr", "--virtual-time-budget=5000"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!(
            "--blink-settings=preferredColorScheme={}",
            u8::from(!dark)
        ))
        .args(args)
        .arg(format!("file://{}", page.display()));
    let output = command
        .output()
        .expect("chromium is not there: scripts/setup-tests.sh installs it");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let complaints: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("CONSOLE"))
        .collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
    String::from_utf8(output.stdout).unwrap()
}

impl Opened {
    /// The text of the element with this id.
    #[track_caller]
    pub(crate) fn text(&self, id: &str) -> String {
        let begin = self
            .dom
            .find(&format!("id=\"{id}\""))
            .unwrap_or_else(|| panic!("no #{id}"));
        let rest = &self.dom[begin..];
        let name = self.dom[..begin].rsplit_once('<').unwrap().1;
        let name = name.split_whitespace().next().unwrap();
        let end = rest.find(&format!("</{name}>")).unwrap();
        plain(&rest[rest.find('>').unwrap() + 1..end])
    }

    /// The texts of the cells of each row of the table behind the heading with this id.
    #[track_caller]
    pub(crate) fn rows(&self, id: &str) -> Vec<Vec<String>> {
        let begin = self
            .dom
            .find(&format!("<h2 id=\"{id}\""))
            .unwrap_or_else(|| panic!("no #{id}"));
        let rest = &self.dom[begin..];
        let body = &rest[rest.find("<tbody>").unwrap()..rest.find("</tbody>").unwrap()];
        body.split("<tr>")
            .skip(1)
            .map(|row| {
                let cells = row.split("</t").filter(|cell| cell.contains("<t"));
                cells
                    .map(|cell| plain(&cell[cell.find("<t").unwrap()..]))
                    .collect()
            })
            .collect()
    }
}

/// Text without tags.
fn plain(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => inside = false,
            c if !inside => text.push(c),
            _ => {}
        }
    }
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace('\u{202f}', "");
    text.replace("&nbsp;", " ").replace("&amp;", "&")
}
