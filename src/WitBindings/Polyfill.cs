// netstandard2.0 lacks the marker that the compiler wants for init and record.
namespace System.Runtime.CompilerServices;

internal static class IsExternalInit;
