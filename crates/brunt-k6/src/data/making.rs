//! What runs while the function of a `SharedArray` does: a `JSON.parse` that goes straight from
//! the text, or from the file, to the list.
//!
//! `JSON.parse(open('users.json'))` needs the text and all its objects at once, six times the file, and
//! most scripts only hand the result over. So a large array is read into a list ([`json`]) and
//! the script gets a stand-in; a script that returns it has the list already. One that looks at it, or
//! changes it, gets the real array at that moment, parsed as always. A stand-in that parsed item by
//! item would have to remember which items were changed; this one has nothing to get wrong.

use std::io::BufReader;

use brunt_js::{call_throwing_uncatchable, current_file, host_state, parker, program, text_bytes};
use rquickjs::{Ctx, Function, Result, Value};

use super::json;
use super::records::Records;
use crate::host::K6Host;

/// Texts shorter than this are parsed at once, in bytes.
const LARGE: u64 = 1 << 20;

/// Bytes that are read at a time.
const BUFFER: usize = 256 << 10;

/// Makes the function that calls the function of a list. It gives the number of the draft whose stand-in
/// was returned, else -1, and what was returned.
const CALLER: &str = "(open, hidden, large, draftOfFile, draftOfText, forget) => {
  class File { constructor(path, draft) { this.path = path; this.draft = draft; } }
  const traps = Reflect.ownKeys(Reflect).filter((key) => typeof key === 'string');
  const standIns = [];
  const standIn = (draft, whole) => {
    const target = [], handler = {};
    const proxy = new Proxy(target, handler);
    const one = { proxy, target, draft };
    const become = () => {
      for (const trap of traps) delete handler[trap];
      forget(draft);
      one.draft = -1;
      const items = whole();
      for (let i = 0; i < items.length; i++) target.push(items[i]);
    };
    for (const trap of traps) handler[trap] = (...rest) => { become(); return Reflect[trap](...rest); };
    standIns.push(one);
    return proxy;
  };
  return (make) => {
    const parse = JSON.parse;
    const ours = { parse(text, reviver) {
      if (text instanceof File) return standIn(text.draft, () => parse(open(text.path)));
      if (reviver === undefined && typeof text === 'string' && text.length >= large) {
        const draft = draftOfText(text);
        if (draft >= 0) return standIn(draft, () => parse(text));
      }
      return parse(text, reviver);
    } }.parse;
    const openToParse = (path) => {
      const draft = JSON.parse === ours && typeof path === 'string' ? draftOfFile(path) : -1;
      return draft < 0 ? open(path) : new File(path, draft);
    };
    const outer = globalThis[hidden];
    let made;
    try {
      // Where everything is frozen, all goes its usual way.
      if (Reflect.set(JSON, 'parse', ours)) globalThis[hidden] = openToParse;
      made = make();
    } finally {
      globalThis[hidden] = outer;
      if (JSON.parse === ours) JSON.parse = parse;
    }
    const known = standIns.find((one) => one.proxy === made);
    return known ? [known.draft, known.target] : [-1, made];
  };
}";

/// The function that calls the function of a list.
pub(super) fn caller<'js>(ctx: &Ctx<'js>) -> Result<Function<'js>> {
    let make: Function<'js> = ctx.eval(CALLER)?;
    let open: Value<'js> = ctx.globals().get("open")?;
    make.call((
        open,
        brunt_script::OPEN_TO_PARSE,
        LARGE as u32,
        Function::new(ctx.clone(), draft_of_file)?,
        Function::new(ctx.clone(), draft_of_text)?,
        Function::new(ctx.clone(), forget)?,
    ))
}

/// Reads a file into a draft; -1 if it is short, or not for us to say what is wrong with it.
fn draft_of_file(ctx: Ctx<'_>, path: String) -> Result<i32> {
    let base = current_file(&ctx)?;
    let program = program(&ctx)?;
    read(&ctx, || {
        let opened = program.loader().open_in_pieces(&base, &path);
        let (file, _) = opened.filter(|(_, length)| *length >= LARGE)?;
        let file = BufReader::with_capacity(BUFFER, file);
        json::records(serde_json::de::IoRead::new(file)).ok()
    })
}

/// Reads a text into a draft; -1 if it is no array.
fn draft_of_text<'js>(ctx: Ctx<'js>, text: rquickjs::String<'js>) -> Result<i32> {
    let text = text.to_cstring()?;
    let bytes = text_bytes(&text);
    read(&ctx, || {
        json::records(serde_json::de::SliceRead::new(bytes)).ok()
    })
}

fn read(ctx: &Ctx<'_>, work: impl FnOnce() -> Option<Records>) -> Result<i32> {
    let read = parker(ctx)?.on_worker(work);
    let records = call_throwing_uncatchable(ctx, read)?;
    let host = host_state::<K6Host>(ctx)?;
    Ok(records.map_or(-1, |records| host.arrays.add_draft(records)))
}

/// The script looked at the stand-in, so its draft is of no use any more.
fn forget(ctx: Ctx<'_>, draft: i32) -> Result<()> {
    drop(host_state::<K6Host>(&ctx)?.arrays.take_draft(draft));
    Ok(())
}
