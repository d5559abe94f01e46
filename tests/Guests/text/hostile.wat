;; Guests that mean no good, an export each: what each does is its own end, and no neighbour's.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 256) "loop.wat")
  (data (i32.const 272) "\ff\fe\00\c0\80bad")

  ;; Calls itself until the stack is full.
  (func $deeper (param i64 i64 i64 i64) (call $deeper (local.get 3) (local.get 0) (local.get 1) (local.get 2)) (drop (memory.size)))
  (func (export "overflow") (call $deeper (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4)))

  ;; Takes and touches all the memory that it is given, then traps.
  (func (export "grow") (local $page i32)
    (loop $more
      (local.set $page (memory.grow (i32.const 16)))
      (if (i32.ne (local.get $page) (i32.const -1))
        (then
          (memory.fill (i32.shl (local.get $page) (i32.const 16)) (i32.const 1) (i32.const 1048576))
          (br_if $more (i32.lt_u (memory.size) (i32.const 4096))))))
    unreachable)

  ;; Opens a file again and again, and closes none.
  (func (export "handles") (local $i i32)
    (loop $again
      (drop (call $open (i32.const 3) (i32.const 0) (i32.const 256) (i32.const 8) (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 16)))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100000)))))

  ;; Closes everything twice, its standard streams first.
  (func (export "close") (local $i i32)
    (loop $again
      (drop (call $close (local.get $i)))
      (drop (call $close (local.get $i)))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100000)))))

  ;; Pointers out of bounds, names that are no UTF-8, descriptors that are none.
  (func (export "lie") (local $i i32)
    (loop $again
      (drop (call $open (i32.const 3) (i32.const 1) (i32.const 272) (i32.const 8) (i32.const 1) (i64.const -1) (i64.const -1) (i32.const 1) (i32.const 16)))
      (drop (call $write (local.get $i) (i32.const -8) (i32.const 1) (i32.const 0)))
      (drop (call $read (local.get $i) (i32.const 0) (i32.const -1) (i32.const -1)))
      (drop (call $poll (i32.const -4) (i32.const -4) (i32.const -1) (i32.const 0)))
      (drop (call $random (i32.const 1) (i32.const -1)))
      (drop (call $open (local.get $i) (i32.const 1) (i32.const -1) (i32.const -2) (i32.const 1) (i64.const -1) (i64.const -1) (i32.const 1) (i32.const -1)))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 20000)))))

  ;; 64 KiB at a time to its standard output, without end.
  (func (export "flood")
    (i32.store (i32.const 0) (i32.const 65536))
    (i32.store (i32.const 4) (i32.const 65536))
    (loop $again
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
      (br $again)))

  (func (export "trap") unreachable)
  (func (export "spin") (loop $again (br $again)))
  (func (export "_start")))
