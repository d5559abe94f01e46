// wasi:http/proxy from Rust's std, compiled for wasm32-unknown-unknown; the canonical ABI by hand, in the module abi.
use std::alloc::{alloc, realloc, Layout};

mod abi {
    #[repr(C)]
    #[derive(Clone, Copy)]
    pub struct Slice {
        pub data: *mut u8,
        pub size: usize,
    }

    /// result<own<T>>, option<own<T>>.
    #[repr(C)]
    #[derive(Default)]
    pub struct Handle {
        pub case: u8,
        pub value: i32,
    }

    /// option<string>.
    #[repr(C)]
    pub struct Text {
        pub case: u8,
        pub value: Slice,
    }

    /// result<list<u8>, stream-error>.
    #[repr(C)]
    pub struct Read {
        pub case: u8,
        pub data: Slice,
    }

    pub const NOTHING: Slice = Slice { data: std::ptr::null_mut(), size: 0 };

    #[link(wasm_import_module = "wasi:http/types@0.2.12")]
    extern "C" {
        #[link_name = "[constructor]fields"]
        pub fn fields() -> i32;
        #[link_name = "[method]fields.append"]
        pub fn fields_append(this: i32, name: *const u8, name_size: usize, value: *const u8, value_size: usize, result: *mut [u8; 2]);
        #[link_name = "[method]fields.entries"]
        pub fn fields_entries(this: i32, result: *mut Slice);
        #[link_name = "[resource-drop]fields"]
        pub fn fields_drop(this: i32);
        #[link_name = "[method]incoming-request.path-with-query"]
        pub fn path(this: i32, result: *mut Text);
        #[link_name = "[method]incoming-request.headers"]
        pub fn headers(this: i32) -> i32;
        #[link_name = "[method]incoming-request.consume"]
        pub fn consume(this: i32, result: *mut Handle);
        #[link_name = "[resource-drop]incoming-request"]
        pub fn request_drop(this: i32);
        #[link_name = "[method]incoming-body.stream"]
        pub fn incoming_stream(this: i32, result: *mut Handle);
        #[link_name = "[resource-drop]incoming-body"]
        pub fn incoming_body_drop(this: i32);
        #[link_name = "[constructor]outgoing-response"]
        pub fn response(headers: i32) -> i32;
        #[link_name = "[method]outgoing-response.set-status-code"]
        pub fn set_status(this: i32, status: i32) -> i32;
        #[link_name = "[method]outgoing-response.body"]
        pub fn response_body(this: i32, result: *mut Handle);
        #[link_name = "[method]outgoing-body.write"]
        pub fn outgoing_stream(this: i32, result: *mut Handle);
        #[link_name = "[static]outgoing-body.finish"]
        pub fn finish(this: i32, has_trailers: i32, trailers: i32, result: *mut [u64; 5]);
        #[link_name = "[static]response-outparam.set"]
        pub fn set(this: i32, failed: i32, response: i32, p0: i32, p1: i64, p2: i32, p3: i32, p4: i32, p5: i32);
    }

    #[link(wasm_import_module = "wasi:io/streams@0.2.12")]
    extern "C" {
        #[link_name = "[method]input-stream.blocking-read"]
        pub fn read(this: i32, size: u64, result: *mut Read);
        #[link_name = "[resource-drop]input-stream"]
        pub fn input_drop(this: i32);
        #[link_name = "[method]output-stream.blocking-write-and-flush"]
        pub fn write(this: i32, data: *const u8, size: usize, result: *mut [u32; 3]);
        #[link_name = "[resource-drop]output-stream"]
        pub fn output_drop(this: i32);
    }

    #[link(wasm_import_module = "wasi:cli/environment@0.2.12")]
    extern "C" {
        #[link_name = "get-environment"]
        pub fn environment(result: *mut Slice);
    }
}

/// The host's allocations: freed when the Vec or String that takes them over is.
#[no_mangle]
unsafe extern "C" fn cabi_realloc(old: *mut u8, old_size: usize, align: usize, size: usize) -> *mut u8 {
    match (old_size, size) {
        (_, 0) => align as *mut u8,
        (0, _) => alloc(Layout::from_size_align_unchecked(size, align)),
        _ => realloc(old, Layout::from_size_align_unchecked(old_size, align), size),
    }
}

unsafe fn own<T>(slice: abi::Slice) -> Vec<T> {
    if slice.size == 0 {
        return Vec::new();
    }
    Vec::from_raw_parts(slice.data.cast(), slice.size, slice.size)
}

fn string(slice: abi::Slice) -> String {
    String::from_utf8_lossy(&unsafe { own(slice) }).into_owned()
}

fn pairs(slice: abi::Slice) -> Vec<(String, String)> {
    let raw: Vec<[abi::Slice; 2]> = unsafe { own(slice) };
    raw.into_iter().map(|[name, value]| (string(name), string(value))).collect()
}

fn opened(call: impl FnOnce(*mut abi::Handle)) -> i32 {
    let mut handle = abi::Handle::default();
    call(&mut handle);
    assert_eq!(handle.case, 0);
    handle.value
}

struct Answer {
    body: i32,
    stream: i32,
}

impl Answer {
    fn new(outparam: i32, status: u16, headers: &[(&str, &str)]) -> Answer {
        unsafe {
            let fields = abi::fields();
            for (name, value) in headers {
                let mut result = [0; 2];
                abi::fields_append(fields, name.as_ptr(), name.len(), value.as_ptr(), value.len(), &mut result);
                assert_eq!(result[0], 0, "header {name} was refused");
            }
            let response = abi::response(fields);
            assert_eq!(abi::set_status(response, status.into()), 0);
            let body = opened(|handle| abi::response_body(response, handle));
            let stream = opened(|handle| abi::outgoing_stream(body, handle));
            abi::set(outparam, 0, response, 0, 0, 0, 0, 0, 0);
            Answer { body, stream }
        }
    }

    fn write(&self, data: &[u8]) -> bool {
        // blocking-write-and-flush takes at most 4096 bytes.
        data.chunks(4096).all(|chunk| {
            let mut result = [0; 3];
            unsafe { abi::write(self.stream, chunk.as_ptr(), chunk.len(), &mut result) };
            result[0] & 0xFF == 0
        })
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        unsafe {
            abi::output_drop(self.stream);
            abi::finish(self.body, 0, 0, &mut [0; 5]);
        }
    }
}

/// Each chunk of the request's body, as it comes.
fn chunks(request: i32, mut each: impl FnMut(&[u8]) -> bool) {
    unsafe {
        let body = opened(|handle| abi::consume(request, handle));
        let stream = opened(|handle| abi::incoming_stream(body, handle));
        loop {
            let mut read = abi::Read { case: 0, data: abi::NOTHING };
            abi::read(stream, 65536, &mut read);
            if read.case != 0 || !each(&own::<u8>(read.data)) {
                break;
            }
        }
        abi::input_drop(stream);
        abi::incoming_body_drop(body);
    }
}

fn lines(pairs: &[(String, String)]) -> String {
    pairs.iter().map(|(name, value)| format!("{name}: {value}\n")).collect()
}

fn headers(request: i32) -> Vec<(String, String)> {
    let mut list = abi::NOTHING;
    unsafe {
        let fields = abi::headers(request);
        abi::fields_entries(fields, &mut list);
        abi::fields_drop(fields);
    }
    pairs(list)
}

fn environment() -> Vec<(String, String)> {
    let mut list = abi::NOTHING;
    unsafe { abi::environment(&mut list) };
    pairs(list)
}

fn text(call: impl FnOnce(*mut abi::Text)) -> String {
    let mut text = abi::Text { case: 0, value: abi::NOTHING };
    call(&mut text);
    string(text.value)
}

fn plain(outparam: i32, status: u16, body: &str) {
    let length = body.len().to_string();
    Answer::new(outparam, status, &[("content-type", "text/plain"), ("content-length", &length)]).write(body.as_bytes());
}

#[export_name = "wasi:http/incoming-handler@0.2.12#handle"]
extern "C" fn handle(request: i32, outparam: i32) {
    let path = text(|result| unsafe { abi::path(request, result) });
    let path = path.strip_prefix('/').unwrap_or(&path);
    let (route, rest) = path.split_once('/').unwrap_or((path, ""));
    match route {
        "" => plain(outparam, 200, "Hello from Rust!\n"),
        "echo" => {
            let answer = Answer::new(outparam, 200, &[]);
            chunks(request, |chunk| answer.write(chunk));
        }
        "reverse" => {
            let mut whole = Vec::new();
            chunks(request, |chunk| {
                whole.extend_from_slice(chunk);
                true
            });
            whole.reverse();
            Answer::new(outparam, 200, &[]).write(&whole);
        }
        "status" => plain(outparam, rest.parse().unwrap(), rest),
        "headers" => plain(outparam, 200, &lines(&headers(request))),
        "env" => plain(outparam, 200, &lines(&environment())),
        "big" => {
            let answer = Answer::new(outparam, 200, &[]);
            let block = vec![b'r'; 1024];
            (0..rest.parse().unwrap()).all(|_: u32| answer.write(&block));
        }
        "panic" => panic!("the guest panics"),
        _ => plain(outparam, 404, &format!("no route /{path}\n")),
    }
    unsafe { abi::request_drop(request) };
}
