;; Never calls the host: only the engine or a signal can end it.
(module
  (memory (export "memory") 1)
  (func (export "_start") (loop (br 0))))
