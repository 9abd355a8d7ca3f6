//! `Element`: one node of a page. All its members are methods, as in k6.

mod address;
mod common;
mod typed;

use std::collections::BTreeSet;
use std::rc::Rc;

use rquickjs::function::{Rest, This};
use rquickjs::{Array, Ctx, Function, IntoJs, Object, Result, Value};

use brunt_js::lazy::{Lazy, LazyClass};
use brunt_js::throw_error;

use super::Page;
use super::document::{Document, NodeId};
use super::selection::with_classes;

/// What hangs on an element's object.
struct Handle {
    page: Rc<Page>,
    id: NodeId,
}

impl Lazy for Handle {
    fn member<'js>(&self, ctx: &Ctx<'js>, _index: usize) -> Result<Value<'js>> {
        Ok(Value::new_undefined(ctx.clone()))
    }
}

/// A call of a method on a node.
struct Called<'a, 'js> {
    ctx: &'a Ctx<'js>,
    page: &'a Rc<Page>,
    id: NodeId,
    arguments: &'a [Value<'js>],
}

type Method = for<'js> fn(&Called<'_, 'js>) -> Result<Value<'js>>;

/// The class of elements in one runtime. Every element has every method; those of other kinds of
/// elements give `undefined`.
pub(super) fn class(ctx: &Ctx<'_>) -> Result<LazyClass> {
    let prototype = Object::new(ctx.clone())?;
    install(ctx, &prototype)?;
    LazyClass::new(ctx, [], &prototype)
}

fn install<'js>(ctx: &Ctx<'js>, prototype: &Object<'js>) -> Result<()> {
    let names = common::METHODS.iter().map(|(name, _)| *name);
    let all: BTreeSet<&'static str> = names.chain(typed::names()).collect();
    for name in all {
        let function = Function::new(
            ctx.clone(),
            move |ctx: Ctx<'js>, this: This<Value<'js>>, arguments: Rest<Value<'js>>| {
                run(name, &ctx, &this.0, &arguments.0)
            },
        )?;
        prototype.set(name, function.with_name(name)?)?;
    }
    Ok(())
}

fn run<'js>(
    name: &str,
    ctx: &Ctx<'js>,
    this: &Value<'js>,
    arguments: &[Value<'js>],
) -> Result<Value<'js>> {
    let Some((page, id)) = node_of(ctx, this)? else {
        let message = format!("{name}() was called on something that is no Element");
        return Err(throw_error(ctx, "TypeError", &message));
    };
    let called = Called {
        ctx,
        page: &page,
        id,
        arguments,
    };
    if let Some(kind) = typed::find(page.document.name(id), name) {
        return kind.value(&called);
    }
    match common::METHODS.iter().find(|(known, _)| *known == name) {
        Some((_, method)) => method(&called),
        None => called.undefined(),
    }
}

/// The node behind a value, if it is an element's object.
pub(super) fn node_of(ctx: &Ctx<'_>, value: &Value<'_>) -> Result<Option<(Rc<Page>, NodeId)>> {
    with_classes(ctx, |classes| {
        let found = classes
            .element
            .with::<Handle, _>(value, |handle| (Rc::clone(&handle.page), handle.id));
        Ok(found)
    })
}

/// The object of a node.
pub(super) fn object<'js>(ctx: &Ctx<'js>, page: &Rc<Page>, id: NodeId) -> Result<Value<'js>> {
    let page = Rc::clone(page);
    with_classes(ctx, |classes| {
        Ok(classes
            .element
            .object(ctx, Handle { page, id })?
            .into_value())
    })
}

impl<'a, 'js> Called<'a, 'js> {
    fn document(&self) -> &'a Document {
        &self.page.document
    }

    fn attribute(&self, name: &str) -> Option<&'a str> {
        self.page.document.attribute(self.id, name)
    }

    fn undefined(&self) -> Result<Value<'js>> {
        rquickjs::Undefined.into_js(self.ctx)
    }

    fn give(&self, value: impl IntoJs<'js>) -> Result<Value<'js>> {
        value.into_js(self.ctx)
    }

    fn node(&self, id: Option<NodeId>) -> Result<Value<'js>> {
        match id {
            Some(id) => object(self.ctx, self.page, id),
            None => self.undefined(),
        }
    }

    fn nodes(&self, ids: impl IntoIterator<Item = NodeId>) -> Result<Value<'js>> {
        let list = Array::new(self.ctx.clone())?;
        for (at, id) in ids.into_iter().enumerate() {
            list.set(at, object(self.ctx, self.page, id)?)?;
        }
        Ok(list.into_value())
    }

    fn text(&self, at: usize) -> Result<String> {
        let text = crate::args::given(self.arguments, at).map(crate::args::text);
        Ok(text.transpose()?.unwrap_or_default())
    }

    /// The node that an argument is, in this page.
    fn other(&self, at: usize) -> Result<Option<NodeId>> {
        let Some(value) = self.arguments.get(at) else {
            return Ok(None);
        };
        let found = node_of(self.ctx, value)?;
        Ok(found
            .filter(|(page, _)| Rc::ptr_eq(page, self.page))
            .map(|(_, id)| id))
    }

    /// The elements below that have one of these names.
    fn below(&self, names: &'static [&'static str]) -> impl Iterator<Item = NodeId> + use<'a> {
        let document = self.document();
        let all = document.descendants(self.id);
        all.filter(move |id| names.contains(&document.name(*id)))
    }

    /// The nearest element above of that name.
    fn above(&self, name: &str) -> Option<NodeId> {
        let document = self.document();
        document
            .ancestors(self.id)
            .find(|id| document.name(*id) == name)
    }
}
