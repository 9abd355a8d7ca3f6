//! `k6/html` and the methods of a response that need it.

use brunt_testkit::Target;

use crate::harness::Script;

const PAGE: &str = r#"<!doctype html><html lang="en"><head><title>Fruit &amp; veg</title></head><body>
  <h1 id="top" class="big bold">All <em>fresh</em></h1>
  <ul class="list"><li class="fruit" data-price="2">apple</li><li class="fruit sale" data-price="3.5">pear</li><li class="veg">leek</li><li class="veg sale">kale</li></ul>
  <form id="order" method="post" action="echo?old=1"><input name="q" value="start"><input type="checkbox" name="on" checked="checked"><input type="checkbox" name="off" checked>
    <select name="m" multiple><option selected>1</option><option value="2" selected>two</option></select>
    <select name="s"><option value="x">X</option></select><textarea name="t">a&lt;b</textarea><input name="gone" disabled="disabled"><label for="in">L</label><input id="in" type="number" maxlength="7" required><button type="submit" name="send" value="yes">Send</button></form>
  <a href="status/201?x=1#frag" rel="nofollow next">next</a><table><tr><td>a</td><td colspan="2">b</td></tr></table></body></html>"#;

fn printed(body: &str) -> Vec<String> {
    let page = PAGE.replace('`', "");
    Script::js(format!(
        "import {{ parseHTML }} from 'k6/html'; const page = `{page}`; const texts = (s) => s.map((i, it) => it.text()).join();\n\
         export default function () {{ const doc = parseHTML(page); const li = doc.find('li'); {body} }}"
    ))
    .printed()
}

#[test]
fn a_selection_leads_from_nodes_to_others() {
    let rows = [
        ("doc.find('title').text()", "Fruit & veg"),
        ("doc.find('h1').html()", "All <em>fresh</em>"),
        (
            "[li.size(), texts(li.first()), texts(li.last()), texts(li.eq(1)), texts(li.eq(-2)), texts(li.slice(1, 3)), texts(li.slice(-1)), li.eq(9).size()].join('|')",
            "4|apple|kale|pear|leek|pear,leek|kale|0",
        ),
        (
            "[li.attr('data-price'), li.attr('nope'), li.attr('nope', 'other')].join('|')",
            "2||other",
        ),
        (
            "[texts(li.filter('.sale')), texts(li.not('.sale')), texts(li.filter((i, it) => it.text().length === 4)), li.is('.veg'), li.is((i) => i > 7)].join('|')",
            "pear,kale|apple,leek|pear,leek,kale|true|false",
        ),
        (
            "[texts(li.first().next()), texts(li.eq(1).nextAll()), texts(li.last().prevAll()), texts(li.last().prev()), texts(li.eq(1).siblings('.veg'))].join('|')",
            "pear|leek,kale|leek,pear,apple|leek|leek,kale",
        ),
        (
            "[texts(li.first().nextUntil('.veg')), texts(li.last().prevUntil(li.first())), li.parentsUntil('body').size(), li.parents().size(), li.parent().attr('class'), li.closest('body').size()].join('|')",
            "pear|leek,pear|1|3|list|1",
        ),
        (
            "[li.index(), li.last().index(), li.index(doc.find('.veg')), li.eq(1).index('.sale'), li.index(doc.find('h1'))].join()",
            "0,3,2,0,-1",
        ),
        (
            "[texts(li.first().add('h1 em')), texts(doc.find('ul').find('.sale').end().find('.fruit')), doc.find('ul').children('.veg').size(), doc.find('h1').contents().size(), doc.find('ul').has('.veg').size(), texts(doc.single('li'))].join('|')",
            "apple,fresh|apple,pear|2|2|1|apple",
        ),
        (
            "[doc.find(':nope').size(), doc.find('nothing').text() === '', doc.find('nothing').html(), doc.find('nothing').next().end().end().size()].join()",
            "0,true,,1",
        ),
        (
            "li.map((i, it) => { if (i === 1) throw new Error('skip'); return i; }).join()",
            "0,2,3",
        ),
        (
            "[li.get(2).textContent(), li.get().length, li.get(-1).textContent(), li.get(9), li.toArray()[1].text()].join()",
            "leek,4,kale,,pear",
        ),
        (
            "[li.data('price') + 1, li.eq(1).data('price'), JSON.stringify(li.data()), li.data('none')].join('|')",
            "3|3.5|{\"price\":2}|",
        ),
    ];
    for (expression, wanted) in rows {
        assert_eq!(
            printed(&format!("console.log({expression});")),
            [wanted],
            "{expression}"
        );
    }
}

#[test]
fn forms_are_read_as_they_would_be_sent() {
    let lines = printed(
        "const f = doc.find('form'); console.log(JSON.stringify(f.serializeObject())); console.log(f.serialize()); \
         console.log(JSON.stringify(f.serializeArray().map((it) => it.name)), f.find('[name=m]').val().join('+'), f.find('[name=on]').val(), f.find('option').eq(0).val(), f.find('textarea').val(), JSON.stringify(f.find('[name=s]').val()), f.val());",
    );
    assert_eq!(
        lines,
        [
            "{\"q\":\"start\",\"on\":\"on\",\"m\":[\"1\",\"2\"],\"s\":\"\",\"t\":\"a&lt;b\"}",
            "m=1&m=2&on=on&q=start&s=&t=a%26lt%3Bb",
            "[\"q\",\"on\",\"m\",\"s\",\"t\"] 1+2 on 1 a&lt;b \"\" undefined",
        ]
    );
}

#[test]
fn elements_tell_of_themselves_and_their_neighbours() {
    let rows = [
        (
            "const e = doc.find('h1').get(0)",
            "[e.id(), e.className(), e.classList().join('+'), e.nodeName(), e.nodeType(), e.innerHTML(), e.childElementCount(), e.lastChild().nodeName(), e.firstChild().nodeValue(), e.parentNode().nodeName(), e.nextElementSibling().nodeName(), e.previousElementSibling(), e.matches('.big'), String(e)].join('|')",
            "top|big bold|big+bold|h1|1|All <em>fresh</em>|1|em|All |body|ul||true|[object html.Node]",
        ),
        (
            "const e = doc.find('a').get(0)",
            "[e.href(), e.pathname(), e.relList().join('+'), e.text(), e.protocol(), e.getAttribute('rel'), e.hasAttribute('title')].join('|')",
            "status/201?x=1#frag||nofollow+next|next|:|nofollow next|false",
        ),
        (
            "const e = doc.find('#in').get(0)",
            "[e.type(), e.maxLength(), e.required(), e.disabled(), e.form().id(), e.labels().length, e.rows].join('|')",
            "number|7|true|false|order|1|",
        ),
        (
            "const e = doc.find('table').get(0)",
            "[e.rows().length, e.rows()[0].cells().map((c) => c.colSpan()).join('+'), e.rows()[0].cells()[1].cellIndex()].join('|')",
            "1|1+2|1",
        ),
        (
            "const e = doc.find('[name=m]').get(0)",
            "[e.type(), e.length(), e.selectedIndex(), e.selectedOptions().length, e.value(), e.options()[1].index(), e.size()].join('|')",
            "select-multiple|2|0|2|1|1|4",
        ),
        (
            "const e = doc.find('form').get(0)",
            "[e.method(), e.enctype(), e.action(), e.elements().length].join('|')",
            "post|application/x-www-form-urlencoded|echo?old=1|9",
        ),
        (
            "const e = doc.find('h1').get(0)",
            "[Object.keys(e.attributes()).join('+'), e.attributes().id.value, e.getAttributeNode('id').owner_element.isSameNode(e), e.contains(e.querySelector('em')), e.ownerDocument().nodeName(), e.selection().find('em').text()].join('|')",
            "id+class|top|true|true|#document|fresh",
        ),
    ];
    for (first, expression, wanted) in rows {
        // What an element does not have is undefined, not an error.
        let body = format!(
            "{first}; console.log({});",
            expression.replace("e.rows]", "e.rows()]")
        );
        assert_eq!(printed(&body), [wanted], "{expression}");
    }
}

#[test]
fn methods_know_what_they_are_called_on() {
    let lines = printed(
        "for (const call of [() => li.find.call({}, 'a'), () => li.get(0).id.call(li), () => li.each(7), () => li.each(() => { throw new Error('mine'); })]) { try { call(); } catch (e) { console.log(e.name, e.message); } }",
    );
    assert_eq!(
        lines,
        [
            "TypeError find() was called on something that is no Selection",
            "TypeError id() was called on something that is no Element",
            "TypeError the argument must be a function",
            "Error mine",
        ]
    );
}

#[test]
fn a_response_submits_its_forms_and_follows_its_links() {
    let target = Target::http().unwrap();
    let base = target.url("");
    let body = "const r = http.get('BASE/page?html=' + encodeURIComponent(PAGE)); \
        console.log(r.html('h1').text(), r.html().find('li').size(), r.html().url === r.url); \
        const s = r.submitForm({ fields: { q: 'changed', extra: 'more' }, params: { headers: { 'X-Way': 'form' } } }); \
        console.log(s.request.method, s.url.endsWith('/echo?old=1'), s.json('body'), s.json('headers.x-way')); \
        const g = http.get('BASE/page?html=' + encodeURIComponent('<form action=\"/echo?old=1\"><input name=a value=\"1 2\"><input type=submit name=go value=Go></form>')).submitForm(); \
        console.log(g.request.method, g.json('query')); \
        const l = r.clickLink(); console.log(l.status, r.clickLink({ selector: '[rel~=next]' }).status); \
        for (const call of [() => r.submitForm({ formSelector: '#none' }), () => r.clickLink({ selector: '#none' }), () => http.get('BASE/status/204').html()]) { try { call(); } catch (e) { console.log(e.name, e.message.split(' ').slice(0, 4).join(' ')); } }"
        .replace("BASE", base.trim_end_matches('/'))
        .replace("PAGE", &format!("{PAGE:?}").replace("\\u{", "\\u{"));
    let lines = Script::body(&body).run(1).log;
    assert_eq!(
        lines,
        [
            "info: All fresh 4 true",
            "info: POST true extra=more&m=1&m=2&on=on&q=changed&s=&send=yes&t=a%26lt%3Bb form",
            "info: GET a=1+2&go=Go",
            "info: 201 201",
            "info: GoError no form found for",
            "info: GoError no element found for",
            "info: GoError the body is null",
        ]
    );
}

#[test]
fn a_page_of_endless_levels_is_an_error() {
    let lines = Script::js(
        "import { parseHTML } from 'k6/html'; export default function () { const doc = parseHTML('<div>'.repeat(400) + 'x'); \
         let at = doc.find('body'); for (let i = 0; i < 300; i++) at = at.children(); \
         console.log(doc.text(), at.size()); \
         try { parseHTML('<div>'.repeat(100000)); } catch (e) { console.log(e.name); } }",
    )
    .printed();
    assert_eq!(lines, ["x 1", "GoError"]);
}
