//! `Selection`: nodes of a page, and jQuery's ways from them to others.

use std::rc::Rc;

use rquickjs::function::{Rest, This};
use rquickjs::{Array, Ctx, Function, IntoJs, Object, Result, Value};

use brunt_js::lazy::{Lazy, LazyClass};
use brunt_js::{host_state, throw_error};

use super::Page;
use super::document::{NodeId, ROOT};
use super::forms::{self, FieldValue, Fields};
use super::selector::Selector;
use super::serialize::inner_html;
use super::traverse::{self, Until, Way};
use super::{data, element};
use crate::args::text;
use crate::host::K6Host;

/// Selections that `end()` leads back through: a loop that walks on and on keeps no more.
const MOST_BEFORE: u32 = 64;

/// Nodes of a page.
#[derive(Debug)]
pub(crate) struct Nodes {
    pub(super) page: Rc<Page>,
    pub(super) ids: Vec<NodeId>,
    /// What `end()` gives.
    before: Option<Rc<Nodes>>,
    depth: u32,
}

/// The classes of selections and elements in one runtime.
pub(crate) struct HtmlClasses {
    selection: LazyClass,
    pub(super) element: LazyClass,
}

struct Handle(Rc<Nodes>);

impl Lazy for Handle {
    fn member<'js>(&self, ctx: &Ctx<'js>, _index: usize) -> Result<Value<'js>> {
        self.0.page.url.as_deref().unwrap_or_default().into_js(ctx)
    }
}

/// A call of a method.
pub(super) struct Called<'a, 'js> {
    pub(super) ctx: &'a Ctx<'js>,
    nodes: &'a Rc<Nodes>,
    arguments: &'a [Value<'js>],
}

type Method = for<'js> fn(&Called<'_, 'js>) -> Result<Value<'js>>;

const METHODS: &[(&str, Method)] = &[
    ("add", |it| {
        let more = match it.wanted(0)? {
            Wanted::Selector(selector) => selector.find(it.document(), ROOT).collect(),
            Wanted::Nodes(ids) => ids,
            Wanted::Function(_) | Wanted::Nothing => Vec::new(),
        };
        let all = it.nodes.ids.iter().copied().chain(more);
        it.to(traverse::unique(all))
    }),
    ("find", |it| match it.wanted(0)? {
        Wanted::Selector(selector) => {
            it.to(traverse::find(it.document(), &it.nodes.ids, &selector))
        }
        Wanted::Nodes(mut ids) => {
            let document = it.document();
            let tops = &it.nodes.ids;
            ids.retain(|id| {
                tops.iter()
                    .any(|top| traverse::is_below(document, *id, *top))
            });
            it.to(ids)
        }
        Wanted::Function(_) | Wanted::Nothing => it.to(Vec::new()),
    }),
    ("single", |it| {
        let selector = it.selector(0)?.unwrap_or_default();
        let found = traverse::find(it.document(), &it.nodes.ids, &selector);
        it.to(found.into_iter().take(1).collect())
    }),
    ("closest", |it| {
        let wanted = it.wanted(0)?;
        let document = it.document();
        it.to(traverse::closest(
            document,
            &it.nodes.ids,
            |id| match &wanted {
                Wanted::Selector(selector) => selector.matches(document, id),
                Wanted::Nodes(ids) => ids.contains(&id),
                Wanted::Function(_) | Wanted::Nothing => false,
            },
        ))
    }),
    ("has", |it| {
        let wanted = it.wanted(0)?;
        let document = it.document();
        let mut ids = it.nodes.ids.clone();
        ids.retain(|id| match &wanted {
            Wanted::Selector(selector) => selector.find(document, *id).next().is_some(),
            Wanted::Nodes(inside) => inside
                .iter()
                .any(|inner| traverse::is_below(document, *inner, *id)),
            Wanted::Function(_) | Wanted::Nothing => false,
        });
        it.to(ids)
    }),
    ("not", |it| it.filtered(false).and_then(|ids| it.to(ids))),
    ("filter", |it| it.filtered(true).and_then(|ids| it.to(ids))),
    ("is", |it| (!it.filtered(true)?.is_empty()).into_js(it.ctx)),
    ("children", |it| {
        let document = it.document();
        let children = it
            .nodes
            .ids
            .iter()
            .flat_map(|id| document.child_elements(*id));
        it.to_matching(traverse::unique(children))
    }),
    ("contents", |it| {
        let document = it.document();
        let children = it.nodes.ids.iter().flat_map(|id| document.children(*id));
        it.to(traverse::unique(children))
    }),
    ("siblings", |it| {
        it.to_matching(traverse::siblings(it.document(), &it.nodes.ids))
    }),
    ("next", |it| it.step(Way::Next)),
    ("prev", |it| it.step(Way::Previous)),
    ("parent", |it| it.step(Way::Up)),
    ("nextAll", |it| it.walk(Way::Next)),
    ("prevAll", |it| it.walk(Way::Previous)),
    ("parents", |it| it.walk(Way::Up)),
    ("nextUntil", |it| it.walk_until(Way::Next)),
    ("prevUntil", |it| it.walk_until(Way::Previous)),
    ("parentsUntil", |it| it.walk_until(Way::Up)),
    ("first", |it| it.part(0, Some(1))),
    ("last", |it| it.part(-1, None)),
    ("eq", |it| {
        let at = it.number(0)?.unwrap_or(0);
        it.part(
            at,
            if at == -1 {
                None
            } else {
                Some(at.saturating_add(1))
            },
        )
    }),
    ("slice", |it| {
        it.part(it.number(0)?.unwrap_or(0), it.number(1)?)
    }),
    ("end", |it| match &it.nodes.before {
        Some(before) => object(it.ctx, Rc::clone(before)),
        None => it.to(Vec::new()),
    }),
    ("each", |it| {
        let function = it.function(0)?;
        for (at, id) in it.nodes.ids.iter().enumerate() {
            let element = element::object(it.ctx, &it.nodes.page, *id)?;
            function.call::<_, Value<'_>>((at as f64, element))?;
        }
        object(it.ctx, Rc::clone(it.nodes))
    }),
    ("map", |it| {
        let function = it.function(0)?;
        let host = host_state::<K6Host>(it.ctx)?;
        let list = Array::new(it.ctx.clone())?;
        for (at, id) in it.nodes.ids.iter().enumerate() {
            let one = Nodes::some(Rc::clone(&it.nodes.page), vec![*id]).into_js(it.ctx)?;
            match function.call::<_, Value<'_>>((at as f64, one)) {
                Ok(value) => list.set(list.len(), value)?,
                Err(error) if host.cx.parker.is_interrupted() => return Err(error),
                // k6 leaves out what threw.
                Err(_) => drop(it.ctx.catch()),
            }
        }
        Ok(list.into_value())
    }),
    ("attr", |it| {
        let name = it.text(0)?.unwrap_or_default().to_ascii_lowercase();
        let first = it.nodes.ids.first();
        let found = first.and_then(|id| it.document().attribute(*id, &name));
        match (found, it.arguments.get(1)) {
            (Some(found), _) => found.into_js(it.ctx),
            (None, Some(default)) => Ok(default.clone()),
            (None, None) => it.undefined(),
        }
    }),
    ("text", |it| {
        let texts = it.nodes.ids.iter().map(|id| it.document().text(*id));
        texts.collect::<String>().into_js(it.ctx)
    }),
    ("html", |it| match it.nodes.ids.first() {
        Some(id) => inner_html(it.document(), *id).into_js(it.ctx),
        None => it.undefined(),
    }),
    ("size", |it| (it.nodes.ids.len() as f64).into_js(it.ctx)),
    ("index", |it| {
        let document = it.document();
        let first = it.nodes.ids.first();
        let position = match it.wanted(0)? {
            Wanted::Nothing => first.map(|id| {
                document
                    .before(*id)
                    .filter(|id| document.is_element(*id))
                    .count()
            }),
            Wanted::Selector(selector) => {
                first.and_then(|id| selector.find(document, ROOT).position(|it| it == *id))
            }
            Wanted::Nodes(ids) => ids
                .first()
                .and_then(|id| it.nodes.ids.iter().position(|it| it == id)),
            Wanted::Function(_) => None,
        };
        position.map_or(-1.0, |at| at as f64).into_js(it.ctx)
    }),
    ("get", |it| match it.number(0)? {
        None => {
            let list = Array::new(it.ctx.clone())?;
            for (at, id) in it.nodes.ids.iter().enumerate() {
                list.set(at, element::object(it.ctx, &it.nodes.page, *id)?)?;
            }
            Ok(list.into_value())
        }
        Some(at) => {
            let length = it.nodes.ids.len() as i64;
            let at = if at < 0 { at + length } else { at };
            match usize::try_from(at).ok().and_then(|at| it.nodes.ids.get(at)) {
                Some(id) => element::object(it.ctx, &it.nodes.page, *id),
                None => it.undefined(),
            }
        }
    }),
    ("toArray", |it| {
        let list = Array::new(it.ctx.clone())?;
        for (at, id) in it.nodes.ids.iter().enumerate() {
            let one = Nodes::some(Rc::clone(&it.nodes.page), vec![*id]);
            list.set(at, one.into_js(it.ctx)?)?;
        }
        Ok(list.into_value())
    }),
    ("data", |it| match (it.nodes.ids.first(), it.text(0)?) {
        (Some(id), Some(key)) => data::one(it.ctx, it.document(), *id, &key),
        (Some(id), None) => data::all(it.ctx, it.document(), *id),
        (None, _) => it.undefined(),
    }),
    ("val", |it| {
        let value = it.nodes.ids.first();
        match value.and_then(|id| forms::value_of(it.document(), *id)) {
            Some(value) => field_value(it.ctx, value),
            None => it.undefined(),
        }
    }),
    ("serializeArray", |it| {
        let list = Array::new(it.ctx.clone())?;
        for (at, (name, value)) in it.fields().into_iter().enumerate() {
            let pair = Object::new(it.ctx.clone())?;
            pair.set("name", name)?;
            pair.set("value", field_value(it.ctx, value)?)?;
            list.set(at, pair)?;
        }
        Ok(list.into_value())
    }),
    ("serializeObject", |it| {
        Ok(fields_object(it.ctx, it.fields())?.into_value())
    }),
    ("serialize", |it| {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, value) in it.fields() {
            match value {
                FieldValue::One(value) => pairs.push((name, value)),
                FieldValue::Many(values) => {
                    pairs.extend(values.into_iter().map(|value| (name.clone(), value)));
                }
            }
        }
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(pairs).finish().into_js(it.ctx)
    }),
];

/// `{name: value}`; of a name that is there twice the later value.
pub(crate) fn fields_object<'js>(ctx: &Ctx<'js>, fields: Fields) -> Result<Object<'js>> {
    let object = Object::new(ctx.clone())?;
    for (name, value) in fields {
        object.set(name, field_value(ctx, value)?)?;
    }
    Ok(object)
}

fn field_value<'js>(ctx: &Ctx<'js>, value: FieldValue) -> Result<Value<'js>> {
    match value {
        FieldValue::One(value) => value.into_js(ctx),
        FieldValue::Many(values) => values.into_js(ctx),
    }
}

impl HtmlClasses {
    fn of<'js, 'h>(ctx: &Ctx<'js>, host: &'h K6Host) -> Result<&'h Self> {
        if let Some(classes) = host.html_classes.get() {
            return Ok(classes);
        }
        let prototype = Object::new(ctx.clone())?;
        for (name, method) in METHODS {
            let function = Function::new(
                ctx.clone(),
                move |ctx: Ctx<'js>, this: This<Value<'js>>, arguments: Rest<Value<'js>>| {
                    run(name, *method, &ctx, &this.0, &arguments.0)
                },
            )?;
            prototype.set(*name, function.with_name(*name)?)?;
        }
        let classes = Self {
            selection: LazyClass::new(ctx, ["url"], &prototype)?,
            element: element::class(ctx)?,
        };
        Ok(host.html_classes.get_or_init(|| classes))
    }
}

/// The classes of this context's runtime, made on first use.
pub(super) fn with_classes<T>(
    ctx: &Ctx<'_>,
    work: impl FnOnce(&HtmlClasses) -> Result<T>,
) -> Result<T> {
    let host = host_state::<K6Host>(ctx)?;
    work(HtmlClasses::of(ctx, &host)?)
}

fn run<'js>(
    name: &str,
    method: Method,
    ctx: &Ctx<'js>,
    this: &Value<'js>,
    arguments: &[Value<'js>],
) -> Result<Value<'js>> {
    let Some(nodes) = nodes_of(ctx, this)? else {
        let message = format!("{name}() was called on something that is no Selection");
        return Err(throw_error(ctx, "TypeError", &message));
    };
    method(&Called {
        ctx,
        nodes: &nodes,
        arguments,
    })
}

fn nodes_of(ctx: &Ctx<'_>, value: &Value<'_>) -> Result<Option<Rc<Nodes>>> {
    with_classes(ctx, |classes| {
        Ok(classes
            .selection
            .with::<Handle, _>(value, |handle| Rc::clone(&handle.0)))
    })
}

fn object<'js>(ctx: &Ctx<'js>, nodes: Rc<Nodes>) -> Result<Value<'js>> {
    with_classes(ctx, |classes| {
        Ok(classes.selection.object(ctx, Handle(nodes))?.into_value())
    })
}

impl Nodes {
    /// The whole page.
    pub(crate) fn whole(page: Rc<Page>) -> Self {
        Self::some(page, vec![ROOT])
    }

    pub(super) fn some(page: Rc<Page>, ids: Vec<NodeId>) -> Self {
        Self {
            page,
            ids,
            before: None,
            depth: 0,
        }
    }

    /// The elements below that match.
    pub(crate) fn find(&self, selector: &Selector) -> Self {
        let found = traverse::find(&self.page.document, &self.ids, selector);
        Self::some(Rc::clone(&self.page), found)
    }

    /// An attribute of the first element.
    pub(crate) fn first_attribute(&self, name: &str) -> Option<&str> {
        self.page.document.attribute(*self.ids.first()?, name)
    }

    pub(crate) fn into_js<'js>(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        object(ctx, Rc::new(self))
    }
}

/// What an argument stands for.
enum Wanted<'js> {
    Nothing,
    Selector(Selector),
    Nodes(Vec<NodeId>),
    Function(Function<'js>),
}

impl<'js> Called<'_, 'js> {
    fn document(&self) -> &super::document::Document {
        &self.nodes.page.document
    }

    fn undefined(&self) -> Result<Value<'js>> {
        rquickjs::Undefined.into_js(self.ctx)
    }

    fn argument(&self, at: usize) -> Option<&Value<'js>> {
        crate::args::given(self.arguments, at)
    }

    fn text(&self, at: usize) -> Result<Option<String>> {
        self.argument(at).map(text).transpose()
    }

    fn number(&self, at: usize) -> Result<Option<i64>> {
        let number = self.argument(at).map(Value::get::<rquickjs::Coerced<f64>>);
        Ok(number.transpose()?.map(|it| it.0 as i64))
    }

    fn selector(&self, at: usize) -> Result<Option<Selector>> {
        Ok(self.text(at)?.map(|text| Selector::parse(&text)))
    }

    fn function(&self, at: usize) -> Result<Function<'js>> {
        let function = self.argument(at).and_then(Value::as_function).cloned();
        function
            .ok_or_else(|| throw_error(self.ctx, "TypeError", "the argument must be a function"))
    }

    fn wanted(&self, at: usize) -> Result<Wanted<'js>> {
        let Some(value) = self.argument(at) else {
            return Ok(Wanted::Nothing);
        };
        if let Some(function) = value.as_function() {
            return Ok(Wanted::Function(function.clone()));
        }
        // Nodes of another page are in none of this one's places.
        let here = |page: &Rc<Page>| Rc::ptr_eq(page, &self.nodes.page);
        if let Some(nodes) = nodes_of(self.ctx, value)? {
            let ids = if here(&nodes.page) {
                nodes.ids.clone()
            } else {
                Vec::new()
            };
            return Ok(Wanted::Nodes(ids));
        }
        if let Some((page, id)) = element::node_of(self.ctx, value)? {
            let ids = if here(&page) { vec![id] } else { Vec::new() };
            return Ok(Wanted::Nodes(ids));
        }
        Ok(Wanted::Selector(Selector::parse(&text(value)?)))
    }

    fn to(&self, ids: Vec<NodeId>) -> Result<Value<'js>> {
        let depth = self.nodes.depth + 1;
        let kept = depth < MOST_BEFORE;
        let nodes = Nodes {
            page: Rc::clone(&self.nodes.page),
            ids,
            before: kept.then(|| Rc::clone(self.nodes)),
            depth: if kept { depth } else { 0 },
        };
        nodes.into_js(self.ctx)
    }

    /// Those that the selector in the first argument leaves, if there is one.
    fn to_matching(&self, mut ids: Vec<NodeId>) -> Result<Value<'js>> {
        if let Some(selector) = self.selector(0)? {
            ids.retain(|id| selector.matches(self.document(), *id));
        }
        self.to(ids)
    }

    fn step(&self, way: Way) -> Result<Value<'js>> {
        self.to_matching(traverse::step(self.document(), &self.nodes.ids, way))
    }

    fn walk(&self, way: Way) -> Result<Value<'js>> {
        let found = traverse::walk(self.document(), &self.nodes.ids, way, &Until::Never);
        self.to_matching(found)
    }

    fn walk_until(&self, way: Way) -> Result<Value<'js>> {
        let until = match self.wanted(0)? {
            Wanted::Selector(selector) => Until::Matching(selector),
            Wanted::Nodes(ids) => Until::Any(ids),
            Wanted::Function(_) | Wanted::Nothing => Until::Never,
        };
        let mut found = traverse::walk(self.document(), &self.nodes.ids, way, &until);
        if let Some(selector) = self.selector(1)? {
            found.retain(|id| selector.matches(self.document(), *id));
        }
        self.to(found)
    }

    /// From one place to another, both from the end if they are negative.
    fn part(&self, start: i64, end: Option<i64>) -> Result<Value<'js>> {
        let length = self.nodes.ids.len() as i64;
        let place = |at: i64| if at < 0 { at + length } else { at };
        let end = end.map_or(length, place).clamp(0, length);
        let start = place(start);
        let ids = if (0..end).contains(&start) {
            self.nodes.ids[start as usize..end as usize].to_vec()
        } else {
            Vec::new()
        };
        self.to(ids)
    }

    /// The nodes for which the argument holds, or those for which it does not.
    fn filtered(&self, keep: bool) -> Result<Vec<NodeId>> {
        let wanted = self.wanted(0)?;
        let mut left = Vec::new();
        for (at, id) in self.nodes.ids.iter().enumerate() {
            let holds = match &wanted {
                Wanted::Nothing => false,
                Wanted::Selector(selector) => selector.matches(self.document(), *id),
                Wanted::Nodes(ids) => ids.contains(id),
                Wanted::Function(function) => {
                    let one = Nodes::some(Rc::clone(&self.nodes.page), vec![*id]);
                    let answer: Value<'js> = function.call((at as f64, one.into_js(self.ctx)?))?;
                    crate::k6::is_truthy(&answer)
                }
            };
            if holds == keep {
                left.push(*id);
            }
        }
        Ok(left)
    }

    fn fields(&self) -> Fields {
        forms::fields(self.document(), &self.nodes.ids)
    }
}
