//! Takes Swagger UI out of the archive that its crate carries: the two files the page needs, compressed as they are.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED as ARCHIVE;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let folder = env::var("OUT_DIR")?;
    let members = members(ARCHIVE).ok_or("the archive of Swagger UI has no directory")?;
    for name in FILES {
        let path = format!("/dist/{name}");
        let member = members.iter().find(|member| member.name.ends_with(&path)).ok_or(path)?;
        fs::write(Path::new(&folder).join(format!("{name}.gz")), member.gzip()?)?;
        let version = member.name.split('/').next().and_then(|root| root.strip_prefix("swagger-ui-"));
        println!("cargo::rustc-env=SWAGGER_UI_VERSION={}", version.ok_or("the archive names no version")?);
    }
    Ok(())
}

/// A file of a zip archive.
struct Member<'a> {
    name: &'a str,
    method: u16,
    crc: &'a [u8],
    length: &'a [u8],
    data: &'a [u8],
}

impl Member<'_> {
    /// The same compressed data as a gzip file (RFC 1952): nothing is unpacked on the way.
    fn gzip(&self) -> Result<Vec<u8>, String> {
        if self.method != DEFLATE {
            return Err(format!("{} is compressed by method {}", self.name, self.method));
        }
        let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
        Ok([&head, self.data, self.crc, self.length].concat())
    }
}

/// What the central directory lists.
fn members(archive: &[u8]) -> Option<Vec<Member<'_>>> {
    let end = archive.windows(4).rposition(|window| window == b"PK\x05\x06")?;
    let mut at = long(archive, end + 16)?;
    let mut members = Vec::new();
    while archive.get(at..at + 4)? == b"PK\x01\x02" {
        let [name, extra, comment] = [28, 30, 32].map(|field| short(archive, at + field));
        let name = archive.get(at + 46..at + 46 + name?)?;
        let local = long(archive, at + 42)?;
        let begin = local + 30 + short(archive, local + 26)? + short(archive, local + 28)?;
        members.push(Member {
            name: std::str::from_utf8(name).ok()?,
            method: u16::try_from(short(archive, at + 10)?).ok()?,
            crc: archive.get(at + 16..at + 20)?,
            length: archive.get(at + 24..at + 28)?,
            data: archive.get(begin..begin + long(archive, at + 20)?)?,
        });
        at += 46 + name.len() + extra? + comment?;
    }
    Some(members)
}

fn short(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)))
}

fn long(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?)).ok()
}

const FILES: [&str; 2] = ["swagger-ui.css", "swagger-ui-bundle.js"];
const DEFLATE: u16 = 8;
