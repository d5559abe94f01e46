namespace Skiff.Engine;

/// <summary>What a thread has to become while it runs the guest of a store on a fiber, host functions included.</summary>
public interface IStoreTurn
{
    /// <summary>On the thread that is about to run the guest.</summary>
    void Begin();

    /// <summary>On the same thread, when the guest waits, has ended, or lets others go first. Must not throw.</summary>
    void End();
}
