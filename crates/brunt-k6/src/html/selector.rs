//! CSS selectors in the dialect of k6: CSS 3 with `:contains()`, `:has()` and `[a!=b]`.
//!
//! Not a crate's, because none has that dialect and those there are bring browsers' style engines.

mod matching;
mod parsing;

use super::document::{Document, NodeId};

/// A list of alternatives. One that cannot be parsed matches nothing.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Selector(Vec<Complex>);

/// Compounds with what stands between them, the last one first.
#[derive(Debug, PartialEq)]
struct Complex {
    subject: Compound,
    /// What has to stand left of it.
    left: Vec<(Combinator, Compound)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Combinator {
    Descendant,
    Child,
    Next,
    Later,
}

/// Simple selectors that all hold for one element.
type Compound = Vec<Simple>;

#[derive(Debug, PartialEq)]
enum Simple {
    Any,
    Tag(String),
    Id(String),
    Class(String),
    Attribute {
        name: String,
        test: Test,
        value: String,
    },
    /// `step * n + offset` among its siblings, of its own name or of all, from the start or the end.
    Nth {
        step: i64,
        offset: i64,
        same_name: bool,
        from_end: bool,
    },
    OnlyChild {
        same_name: bool,
    },
    Empty,
    Root,
    Not(Selector),
    Has(Selector),
    HasChild(Selector),
    Contains(String),
    ContainsOwn(String),
    Input,
    Link,
    Enabled,
    Disabled,
    Checked,
    Parent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Test {
    Present,
    Equals,
    Differs,
    Includes,
    Dash,
    Prefix,
    Suffix,
    Substring,
}

impl Selector {
    /// Parses a selector; what is none gives one that matches nothing.
    pub(crate) fn parse(text: &str) -> Self {
        parsing::parse(text).unwrap_or_default()
    }

    /// Whether an element matches.
    pub(crate) fn matches(&self, document: &Document, id: NodeId) -> bool {
        document.is_element(id)
            && self
                .0
                .iter()
                .any(|complex| matching::complex(document, complex, id))
    }

    /// Matching elements below a node, in document order.
    pub(crate) fn find<'a>(
        &'a self,
        document: &'a Document,
        top: NodeId,
    ) -> impl Iterator<Item = NodeId> + 'a {
        document
            .descendants(top)
            .filter(|id| self.matches(document, *id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::document::ROOT;
    use crate::html::parse::parse;

    const PAGE: &str = r#"<body><h1 id="top" class="big bold">All <em>fresh</em></h1>
        <ul class="list"><li class="fruit" lang="en-GB">apple</li><li class="fruit sale">pear</li>
        <li class="veg">leek</li><li class="veg sale">kale</li></ul>
        <div><p>one</p><span>two</span><p>three</p></div><p></p>
        <form><input name="a" type="text"><input name="b" type="submit" disabled><select><option selected>x</option></select></form>
        <a href="/next?x=1">next</a></body>"#;

    fn texts(selector: &str) -> String {
        let document = parse(PAGE).unwrap();
        let selector = Selector::parse(selector);
        let found = selector.find(&document, ROOT).map(|id| {
            let name = document.attribute(id, "name").unwrap_or_default();
            format!("{}{name}", document.text(id).trim())
        });
        found.collect::<Vec<_>>().join(",")
    }

    #[test]
    fn selectors_find_what_they_say() {
        let rows = [
            ("h1", "All fresh"),
            ("H1", "All fresh"),
            ("#top", "All fresh"),
            (".fruit.sale", "pear"),
            ("h1.big.bold#top em", "fresh"),
            ("ul > li:first-child", "apple"),
            ("li:last-child", "kale"),
            ("li:nth-child(2n)", "pear,kale"),
            ("li:nth-child(odd)", "apple,leek"),
            ("li:nth-child(-n+2)", "apple,pear"),
            ("li:nth-child( 2n + 1 )", "apple,leek"),
            ("li:nth-last-child(1)", "kale"),
            ("p:nth-of-type(2)", "three"),
            ("div p:last-of-type", "three"),
            ("em:only-child", "fresh"),
            ("span:only-of-type", "two"),
            ("li:not(.sale)", "apple,leek"),
            ("li:not(.sale, .veg)", "apple"),
            ("h1:has(em)", "All fresh"),
            ("li:contains('ea')", "pear"),
            ("li:contains(\"le\"):contains(ek)", "leek"),
            ("h1:containsOwn(fresh)", ""),
            ("[lang|=en]", "apple"),
            ("li[class~=sale]", "pear,kale"),
            ("[href^='/next']", "next"),
            ("[href$='=1']", "next"),
            ("[href*=\"xt?\"]", "next"),
            ("input[type!=submit]", "a"),
            ("input[type=submit]:disabled", "b"),
            (":input", "a,b,x"),
            ("option:checked", "x"),
            ("span + p", "three"),
            ("p ~ p", "three"),
            ("p:empty", ""),
            ("em, span", "fresh,two"),
            ("body div > *", "one,two,three"),
            ("li.fruit ~ li.sale", "pear,kale"),
            ("a:link", "next"),
        ];
        for (selector, wanted) in rows {
            assert_eq!(texts(selector), wanted, "{selector}");
        }
    }

    #[test]
    fn what_is_no_selector_matches_nothing() {
        let deep = format!("{}p{}", ":not(".repeat(100), ")".repeat(100));
        for wrong in [
            "",
            " ",
            "p,",
            ",p",
            "p >",
            "> p",
            "[",
            "[a",
            "[a=",
            "[a='b]",
            ":nope",
            ":not(",
            ":not()",
            ":nth-child()",
            ":nth-child(x)",
            "p..q",
            "#",
            ".",
            "p)",
            "p{",
            "*|",
            "\\",
            &deep,
        ] {
            assert_eq!(Selector::parse(wrong), Selector::default(), "{wrong:?}");
        }
    }
}
