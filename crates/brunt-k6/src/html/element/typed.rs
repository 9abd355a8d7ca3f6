//! What elements of one kind can be asked besides: a table, because nearly all of it is an
//! attribute read as text, flag, number, address or one of several words.

mod fields;
mod tables;

use rquickjs::{Result, Value};

use super::{Called, Method, address};

/// How a method's value is found. The first text is the attribute's name.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Its text, or none.
    Text(&'static str),
    /// Whether it is there.
    Flag(&'static str),
    /// Its number, or this one.
    Number(&'static str, i32),
    /// Its address, resolved against the page's.
    Address(&'static str),
    /// One of these words, the first of them if it is none.
    Word(&'static str, &'static [&'static str]),
    /// One of these words, or `undefined`.
    MaybeWord(&'static str, &'static [&'static str]),
    /// Part of the address in `href`.
    AddressPart(&'static str),
    /// The same for all elements of the kind.
    Always(&'static str),
    Own(Method),
}

use Kind::{Address, AddressPart, Always, Flag, MaybeWord, Number, Own, Text, Word};

const REFERRER: &[&str] = &[
    "",
    "no-referrer",
    "no-referrer-when-downgrade",
    "origin",
    "origin-when-cross-origin",
    "unsafe-url",
];
const CROSS_ORIGIN: &[&str] = &["anonymous", "use-credentials"];
const ON_OFF: &[&str] = &["on", "off"];
const ENCTYPE: &[&str] = &[
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "text/plain",
];
const METHOD: &[&str] = &["get", "post"];
const PRELOAD: &[&str] = &["auto", "metadata", "none"];
const LINK: &str = "a area";
const MEDIA: &str = "audio video";
const CELL: &str = "td th";
const SECTION: &str = "table thead tbody tfoot";

/// Elements, method, kind.
const TYPED: &[(&str, &str, Kind)] = &[
    (LINK, "download", Text("download")),
    (LINK, "referrerPolicy", Word("referrerpolicy", REFERRER)),
    (LINK, "rel", Text("rel")),
    (LINK, "href", Address("href")),
    (LINK, "target", Text("target")),
    (LINK, "type", Text("type")),
    (LINK, "accessKey", Text("accesskey")),
    (LINK, "hrefLang", Text("hreflang")),
    (LINK, "toString", Address("href")),
    (LINK, "hash", AddressPart("hash")),
    (LINK, "host", AddressPart("host")),
    (LINK, "hostname", AddressPart("hostname")),
    (LINK, "port", AddressPart("port")),
    (LINK, "username", AddressPart("username")),
    (LINK, "password", AddressPart("password")),
    (LINK, "origin", AddressPart("origin")),
    (LINK, "pathname", AddressPart("pathname")),
    (LINK, "protocol", AddressPart("protocol")),
    (LINK, "search", AddressPart("search")),
    ("a area link", "relList", Own(fields::rel_list)),
    ("a area option script title", "text", Own(fields::text)),
    (MEDIA, "autoplay", Flag("autoplay")),
    (MEDIA, "controls", Flag("controls")),
    (MEDIA, "loop", Flag("loop")),
    (MEDIA, "muted", Flag("muted")),
    (MEDIA, "defaultMuted", Flag("muted")),
    (MEDIA, "preload", Word("preload", PRELOAD)),
    (MEDIA, "src", Address("src")),
    (MEDIA, "crossOrigin", MaybeWord("crossorigin", CROSS_ORIGIN)),
    (MEDIA, "currentSrc", Text("src")),
    (MEDIA, "mediaGroup", Text("mediagroup")),
    (
        MEDIA,
        "textTracks",
        Own(|it| it.nodes(it.below(&["track"]))),
    ),
    ("base", "href", Own(fields::base_href)),
    ("base", "target", Text("target")),
    ("button", "accessKey", Text("accesskey")),
    ("button input", "autofocus", Flag("autofocus")),
    ("button input", "disabled", Flag("disabled")),
    ("button input", "tabIndex", Number("tabindex", 0)),
    (
        "button",
        "type",
        Word("type", &["submit", "button", "menu", "reset"]),
    ),
    ("button", "value", Text("value")),
    (
        "button fieldset input keygen label legend object option output select textarea",
        "form",
        Own(fields::form),
    ),
    ("button input", "formAction", Own(fields::form_action)),
    (
        "button input",
        "formEnctype",
        Own(|it| fields::of_form(it, "formenctype", "enctype", ENCTYPE)),
    ),
    (
        "button input",
        "formMethod",
        Own(|it| fields::of_form(it, "formmethod", "method", METHOD)),
    ),
    (
        "button input",
        "formNoValidate",
        Own(|it| fields::form_flag(it, "formnovalidate", "novalidate")),
    ),
    (
        "button input",
        "formTarget",
        Own(|it| fields::of_form(it, "formtarget", "target", &[])),
    ),
    (
        "button input keygen meter output progress select textarea",
        "labels",
        Own(fields::labels),
    ),
    ("button input", "name", Text("name")),
    (
        "input",
        "type",
        Word(
            "type",
            &[
                "text",
                "button",
                "checkbox",
                "color",
                "date",
                "datetime-local",
                "email",
                "file",
                "hidden",
                "image",
                "month",
                "number",
                "password",
                "radio",
                "range",
                "reset",
                "search",
                "submit",
                "tel",
                "time",
                "url",
                "week",
            ],
        ),
    ),
    ("input", "required", Flag("required")),
    ("input", "checked", Flag("checked")),
    ("input", "defaultChecked", Flag("checked")),
    ("input", "readonly", Flag("readonly")),
    ("input", "multiple", Flag("multiple")),
    ("input", "value", Text("value")),
    ("input", "defaultValue", Text("value")),
    ("input", "alt", Text("alt")),
    ("input", "height", Text("height")),
    ("input", "width", Text("width")),
    ("input", "accept", Text("accept")),
    ("input", "pattern", Text("pattern")),
    ("input", "placeholder", Text("placeholder")),
    ("input", "min", Text("min")),
    ("input", "max", Text("max")),
    ("input", "dirName", Text("dirname")),
    ("input", "accessKey", Text("accesskey")),
    ("input", "step", Text("step")),
    ("input", "src", Address("src")),
    (
        "input textarea form",
        "autocomplete",
        Word("autocomplete", ON_OFF),
    ),
    ("input", "maxLength", Number("maxlength", -1)),
    ("input", "size", Number("size", 0)),
    ("input", "list", Own(fields::data_list)),
    ("canvas", "width", Number("width", 150)),
    ("canvas", "height", Number("height", 150)),
    ("data", "value", Text("value")),
    (
        "datalist select",
        "options",
        Own(|it| it.nodes(it.below(&["option"]))),
    ),
    ("embed", "height", Text("height")),
    ("embed", "width", Text("width")),
    ("embed", "src", Text("src")),
    ("embed", "type", Text("type")),
    ("fieldset", "disabled", Flag("disabled")),
    ("fieldset", "name", Text("name")),
    ("fieldset", "type", Always("fieldset")),
    (
        "fieldset form",
        "elements",
        Own(|it| it.nodes(it.below(fields::ELEMENTS))),
    ),
    ("form", "action", Address("action")),
    ("form", "name", Text("name")),
    ("form", "target", Text("target")),
    ("form", "enctype", Word("enctype", ENCTYPE)),
    ("form", "encoding", Word("enctype", ENCTYPE)),
    ("form", "acceptCharset", Text("accept-charset")),
    ("form", "noValidate", Flag("novalidate")),
    (
        "form",
        "length",
        Own(|it| it.give(it.below(fields::ELEMENTS).count() as f64)),
    ),
    ("form", "method", Word("method", METHOD)),
    ("iframe", "allowfullscreen", Flag("allowfullscreen")),
    (
        "iframe img",
        "referrerPolicy",
        Word("referrerpolicy", REFERRER),
    ),
    ("iframe", "height", Text("height")),
    ("iframe", "width", Text("width")),
    ("iframe img", "name", Text("name")),
    ("iframe", "src", Address("src")),
    ("img", "currentSrc", Address("src")),
    ("img", "sizes", Text("sizes")),
    ("img", "srcset", Text("srcset")),
    ("img", "alt", Text("alt")),
    ("img", "useMap", Text("usemap")),
    (
        "img link",
        "crossOrigin",
        MaybeWord("crossorigin", CROSS_ORIGIN),
    ),
    ("img", "height", Number("height", 0)),
    ("img", "width", Number("width", 0)),
    ("img", "isMap", Flag("ismap")),
    ("img", "src", Address("src")),
    ("keygen", "autofocus", Flag("autofocus")),
    ("keygen", "challenge", Text("challenge")),
    ("keygen", "disabled", Flag("disabled")),
    ("keygen", "keytype", Word("keytype", &["RSA", "DSA", "EC"])),
    ("keygen", "name", Text("name")),
    ("keygen", "type", Always("keygen")),
    ("label", "htmlFor", Text("for")),
    ("label", "control", Own(fields::control)),
    ("legend", "accessKey", Text("accesskey")),
    ("li", "value", Number("value", 0)),
    (
        "li",
        "type",
        Word(
            "type",
            &["", "1", "a", "A", "i", "I", "disc", "square", "circle"],
        ),
    ),
    ("link", "referrerPolicy", Word("referrerpolicy", REFERRER)),
    ("link", "href", Address("href")),
    ("link", "hreflang", Text("hreflang")),
    ("link", "media", Text("media")),
    ("link", "rel", Text("rel")),
    ("link", "target", Text("target")),
    ("link", "type", Text("type")),
    ("map", "name", Text("name")),
    ("map", "areas", Own(|it| it.nodes(it.below(&["area"])))),
    ("map", "images", Own(tables::images_of_map)),
    ("meta", "content", Text("content")),
    ("meta", "name", Text("name")),
    (
        "meta",
        "httpEquiv",
        Word("http-equiv", &["content-type", "default-style", "refresh"]),
    ),
    ("meter", "min", Number("min", 0)),
    ("meter", "max", Number("max", 0)),
    ("meter", "high", Number("high", 0)),
    ("meter", "low", Number("low", 0)),
    ("meter", "optimum", Number("optimum", 0)),
    ("ins del", "cite", Text("cite")),
    ("ins del time", "datetime", Text("datetime")),
    ("object", "data", Address("data")),
    ("object", "height", Text("height")),
    ("object", "name", Text("name")),
    ("object", "type", Text("type")),
    ("object", "useMap", Text("usemap")),
    ("object", "width", Text("width")),
    ("object", "tabIndex", Number("tabindex", 0)),
    ("object", "typeMustMatch", Flag("typemustmatch")),
    ("ol", "reversed", Flag("reversed")),
    ("ol", "start", Number("start", 0)),
    ("ol", "type", Word("type", &["1", "a", "A", "i", "I"])),
    ("optgroup", "disabled", Flag("disabled")),
    ("optgroup", "label", Text("label")),
    ("option", "defaultSelected", Flag("selected")),
    ("option", "selected", Flag("selected")),
    ("option", "disabled", Own(fields::option_disabled)),
    ("option", "index", Own(fields::option_index)),
    ("option", "label", Own(fields::option_label)),
    ("option", "value", Own(fields::value)),
    ("output", "htmlFor", Text("for")),
    ("output", "name", Text("name")),
    ("output", "type", Always("output")),
    ("output", "value", Own(fields::text)),
    ("output", "defaultValue", Own(fields::text)),
    ("param pre", "name", Text("name")),
    ("param pre", "value", Text("value")),
    (
        "progress",
        "max",
        Own(|it| it.give(fields::decimal(it, "max", 1.0))),
    ),
    (
        "progress",
        "value",
        Own(|it| it.give(fields::progress(it).max(0.0))),
    ),
    (
        "progress",
        "position",
        Own(|it| it.give(fields::progress(it))),
    ),
    ("blockquote q quote", "cite", Text("cite")),
    ("script", "crossOrigin", Text("crossorigin")),
    ("script", "type", Text("type")),
    ("script", "src", Address("src")),
    ("script", "charset", Text("charset")),
    ("script", "async", Flag("async")),
    ("script", "defer", Flag("defer")),
    ("script", "noModule", Flag("nomodule")),
    ("select", "autofocus", Flag("autofocus")),
    ("select", "disabled", Flag("disabled")),
    ("select", "multiple", Flag("multiple")),
    ("select", "required", Flag("required")),
    ("select", "name", Text("name")),
    ("select", "tabIndex", Number("tabindex", 0)),
    (
        "select",
        "length",
        Own(|it| it.give(it.below(&["option"]).count() as f64)),
    ),
    ("select", "selectedIndex", Own(fields::selected_index)),
    ("select", "selectedOptions", Own(fields::selected_options)),
    (
        "select",
        "size",
        Own(|it| {
            it.give(if it.attribute("multiple").is_some() {
                4
            } else {
                1
            })
        }),
    ),
    (
        "select",
        "type",
        Own(|it| {
            it.give(if it.attribute("multiple").is_some() {
                "select-multiple"
            } else {
                "select"
            })
        }),
    ),
    ("select", "value", Own(fields::select_value)),
    ("source", "keySystem", Text("keysystem")),
    ("source", "media", Text("media")),
    ("source", "sizes", Text("sizes")),
    ("source", "src", Text("src")),
    ("source", "srcset", Text("srcset")),
    ("source", "type", Text("type")),
    ("style", "media", Text("media")),
    ("style", "type", Always("text/css")),
    ("table", "sortable", Flag("sortable")),
    (
        "table",
        "caption",
        Own(|it| it.node(it.below(&["caption"]).next())),
    ),
    (
        "table",
        "tHead",
        Own(|it| it.node(it.below(&["thead"]).next())),
    ),
    (
        "table",
        "tFoot",
        Own(|it| it.node(it.below(&["tfoot"]).next())),
    ),
    ("table", "tBodies", Own(|it| it.nodes(it.below(&["tbody"])))),
    (SECTION, "rows", Own(|it| it.nodes(it.below(&["tr"])))),
    ("tr", "cells", Own(|it| it.nodes(it.below(&["td", "th"])))),
    (
        "tr",
        "rowIndex",
        Own(|it| tables::position(it, &["table"], &["tr"])),
    ),
    (
        "tr",
        "sectionRowIndex",
        Own(|it| tables::position(it, &["thead", "tbody", "tfoot"], &["tr"])),
    ),
    (CELL, "colSpan", Number("colspan", 1)),
    (CELL, "rowSpan", Number("rowspan", 1)),
    (CELL, "headers", Text("headers")),
    (
        CELL,
        "cellIndex",
        Own(|it| tables::position(it, &["tr"], &["td", "th"])),
    ),
    ("th", "abbr", Text("abbr")),
    (
        "th",
        "scope",
        Word("scope", &["", "row", "col", "colgroup", "rowgroup"]),
    ),
    ("th", "sorted", Flag("sorted")),
    ("col", "span", Own(tables::span)),
    ("textarea", "type", Always("textarea")),
    ("textarea", "value", Text("value")),
    ("textarea", "defaultValue", Text("value")),
    ("textarea", "placeholder", Text("placeholder")),
    ("textarea", "accessKey", Text("accesskey")),
    ("textarea", "rows", Number("rows", 0)),
    ("textarea", "cols", Number("cols", 0)),
    ("textarea", "maxLength", Number("maxlength", 0)),
    ("textarea", "tabIndex", Number("tabindex", 0)),
    (
        "textarea",
        "length",
        Own(|it| it.give(it.attribute("value").unwrap_or_default().chars().count() as f64)),
    ),
    ("textarea", "readOnly", Flag("readonly")),
    ("textarea", "required", Flag("required")),
    (
        "textarea",
        "autocapitalize",
        Word(
            "autocapitalize",
            &["sentences", "none", "off", "characters", "words"],
        ),
    ),
    ("textarea", "wrap", Word("wrap", &["soft", "hard", "off"])),
    (
        "track",
        "kind",
        Word(
            "kind",
            &[
                "subtitle",
                "captions",
                "descriptions",
                "chapters",
                "metadata",
            ],
        ),
    ),
    ("track", "src", Address("src")),
    ("track", "srclang", Text("srclang")),
    ("track", "label", Text("label")),
    ("track", "default", Flag("default")),
    ("ul", "type", Text("type")),
    ("fieldset", "validity", Own(|it| it.undefined())),
];

/// The names of all methods here, some of them more than once.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    TYPED.iter().map(|(_, name, _)| *name)
}

/// How a method of such an element is answered.
pub(super) fn find(element: &str, method: &str) -> Option<Kind> {
    let fits = |elements: &str| elements.split(' ').any(|it| it == element);
    TYPED
        .iter()
        .find(|(elements, name, _)| *name == method && fits(elements))
        .map(|(_, _, kind)| *kind)
}

impl Kind {
    pub(super) fn value<'js>(self, it: &Called<'_, 'js>) -> Result<Value<'js>> {
        match self {
            Text(name) => it.give(it.attribute(name).unwrap_or_default()),
            Flag(name) => it.give(it.attribute(name).is_some()),
            Number(name, default) => {
                let number = it.attribute(name).and_then(|it| it.trim().parse().ok());
                it.give(number.unwrap_or(default))
            }
            Address(name) => match it.attribute(name) {
                Some(address) => it.give(it.page.resolve(address)),
                None => it.give(""),
            },
            Word(name, words) => {
                let found = it.attribute(name).filter(|it| words.contains(it));
                it.give(found.or(words.first().copied()).unwrap_or_default())
            }
            MaybeWord(name, words) => match it.attribute(name).filter(|it| words.contains(it)) {
                Some(word) => it.give(word),
                None => it.undefined(),
            },
            AddressPart(name) => address::part(it, name),
            Always(text) => it.give(text),
            Own(method) => method(it),
        }
    }
}
