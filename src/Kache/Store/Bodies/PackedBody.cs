namespace Kache.Store.Bodies;

/// <summary>Where a small body lies.</summary>
/// <param name="Pack">The pack's name.</param>
/// <param name="Offset">Of the body's first byte in the pack.</param>
/// <param name="Sum">XXH3 of the body.</param>
internal readonly record struct PackedBody(string Pack, long Offset, int Length, ulong Sum);
