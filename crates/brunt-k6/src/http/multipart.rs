//! `multipart/form-data` (RFC 7578), for bodies that have an `http.file()` in them.

use crate::http::file::File;

/// A part of a form.
#[derive(Debug)]
pub(crate) enum Part {
    Field(String),
    File(File),
}

/// The body and its content type.
pub(crate) fn encode(parts: &[(String, Part)]) -> (Vec<u8>, String) {
    let boundary = format!(
        "{:032x}{:032x}",
        rand::random::<u128>(),
        rand::random::<u128>()
    );
    (
        body(parts, &boundary),
        format!("multipart/form-data; boundary={boundary}"),
    )
}

fn body(parts: &[(String, Part)], boundary: &str) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, part) in parts {
        let name = quoted(name);
        let mut head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"");
        let data = match part {
            Part::Field(value) => value.as_bytes(),
            Part::File(file) => {
                head.push_str("; filename=\"");
                head.push_str(&quoted(&file.name));
                head.push_str("\"\r\nContent-Type: ");
                // A line break would start another header.
                head.push_str(&file.content_type.replace(['\r', '\n'], " "));
                &file.data
            }
        };
        head.push_str("\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(data);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    body
}

/// A parameter's value between quotes.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_delimited_and_names_quoted() {
        let file = File {
            name: "a \"b\"\n.txt".to_owned(),
            content_type: "text/plain\r\nX-Evil: 1".to_owned(),
            data: b"\x00\xFF".to_vec(),
        };
        let parts = [
            ("plain".to_owned(), Part::Field("a value".to_owned())),
            ("up".to_owned(), Part::File(file)),
        ];
        let wanted = b"--B\r\nContent-Disposition: form-data; name=\"plain\"\r\n\r\na value\r\n\
            --B\r\nContent-Disposition: form-data; name=\"up\"; filename=\"a \\\"b\\\"%0A.txt\"\r\n\
            Content-Type: text/plain  X-Evil: 1\r\n\r\n\x00\xFF\r\n--B--\r\n";
        assert_eq!(body(&parts, "B"), wanted);
        let (one, other) = (encode(&parts).1, encode(&parts).1);
        assert_ne!(one, other, "boundaries are random");
    }
}
