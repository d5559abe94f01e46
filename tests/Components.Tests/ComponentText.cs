using System.Text;
using Skiff.Components.Linking;
using Skiff.Engine;

namespace Skiff.Components.Tests;

/// <summary>Components written as text, in the binary form that the engine's own library makes of it.</summary>
internal static class ComponentText
{
    public static byte[] ToBinary(string text) => WasmEngine.FromText(Encoding.UTF8.GetBytes(text));

    public static LinkPlan Link(string text, bool elide = true) => Component.Parse(ToBinary(text), new LinkOptions(elide));

    /// <summary>The component must be refused; its text and reason for failing are the caller's.</summary>
    public static string Refusal(string text) => Assert.Throws<ComponentException>(() => Link(text)).Message;
}
