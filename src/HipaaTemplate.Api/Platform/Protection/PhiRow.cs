using System.Security.Cryptography;
using HipaaTemplate.Platform.Protection.Keys;

namespace HipaaTemplate.Platform.Protection;

/// <summary>One row whose values are sealed and opened: its place, its key, and the unit of work it was loaded in.</summary>
/// <param name="keys">Of the unit of work.</param>
/// <param name="table">What the entity's attributes say.</param>
/// <param name="entity">The row.</param>
/// <param name="sealedUnder">The key it gets, where that is not the one it has.</param>
internal sealed class PhiRow(PhiKeys keys, PhiTable table, PhiEntity entity, SubjectKey? sealedUnder = null)
{
    private SubjectKey? subjectKey = sealedUnder;
    private Memory<byte> key;

    public PhiEntity Entity => entity;

    public PhiTable Table => table;

    /// <summary>Taken when it is first asked for: a query sets it after the row itself, sealing may replace it later.</summary>
    public SubjectKey SubjectKey => subjectKey ??= entity.SubjectKey
        ?? throw new InvalidOperationException($"{table.Entity.Name} was loaded without its key.");

    public byte[] Seal(PhiColumn column, ReadOnlySpan<byte> plaintext)
    {
        Span<byte> columnKey = stackalloc byte[Keys.SecretKey.Length];
        DeriveColumnKey(column, columnKey);
        var envelope = Envelope.Seal(
            keys.Suite, columnKey, SubjectKey.KeyVersion, AddressOf(column), plaintext, column.Bucket);
        CryptographicOperations.ZeroMemory(columnKey);
        return envelope;
    }

    /// <exception cref="PhiAuthenticationException">It was not sealed for this cell under this key.</exception>
    public T Open<T>(ReadOnlySpan<byte> envelope, PhiColumn column, Func<ReadOnlySpan<byte>, T> read)
    {
        Span<byte> columnKey = stackalloc byte[Keys.SecretKey.Length];
        try
        {
            DeriveColumnKey(column, columnKey);
            return Envelope.Open(envelope, columnKey, SubjectKey.KeyVersion, AddressOf(column), read);
        }
        catch (PhiAuthenticationException e)
        {
            keys.Report(e);
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(columnKey);
        }
    }

    public void MarkRevealed() => keys.MarkRevealed(this);

    private void DeriveColumnKey(PhiColumn column, Span<byte> columnKey)
    {
        if (key.IsEmpty)
        {
            key = keys.Unwrap(SubjectKey, entity.SubjectId);
        }

        HKDF.Expand(HashAlgorithmName.SHA256, keys.Lent(key), columnKey, column.Info);
    }

    private PhiAddress AddressOf(PhiColumn column) => new(keys.Tenant, table.Number, column.Number, entity.Id);
}
